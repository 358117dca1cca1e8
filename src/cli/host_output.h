#pragma once

#include <cstdint>
#include <memory>

#include "hotline/core/bytes.h"
#include "hotline/core/result.h"

namespace hotline::cli {

/// What an output has at its end: all that the command has written, or a part of it.
enum class OutputEnd : std::uint8_t { complete, partial };

/// Where one output of a command at one of many endpoints goes. One fiber, which its functions may
/// suspend.
class HostOutput {
 public:
  HostOutput() = default;
  HostOutput(const HostOutput&) = delete;
  HostOutput& operator=(const HostOutput&) = delete;
  virtual ~HostOutput() = default;

  /// Makes everything ready, before the command is started. If it fails, nothing is run.
  virtual Result<void> open() { return {}; }

  /// Takes the next bytes. If it fails, the command is to be aborted.
  virtual Result<void> take(Bytes piece) = 0;

  /// Takes the end.
  virtual Result<void> finish(OutputEnd end) = 0;
};

/// Both outputs of a command.
struct HostOutputs {
  std::unique_ptr<HostOutput> output;
  std::unique_ptr<HostOutput> error;
};

}  // namespace hotline::cli
