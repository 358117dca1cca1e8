#pragma once

#include <optional>
#include <string>

#include "cli/host_output.h"
#include "cli/prefixed_lines.h"
#include "cli/shared_output.h"
#include "cli/terminal_filter.h"
#include "cli/terminal_text.h"

namespace hotline::cli {

/// Prints an output as it comes: whole lines, each with its endpoint. To a terminal filtered,
/// elsewhere unchanged.
class ShownOutput : public HostOutput {
 public:
  /// `shared` must outlive it. With Controls::raw a terminal gets everything unchanged too.
  ShownOutput(const std::string& host, StandardStream to, SharedOutput& shared, Controls controls,
              FilteredColours colours);

  /// Fails with `cancelled` if the lines are not written: SharedOutput::failure() says why.
  Result<void> take(Bytes piece) override;
  Result<void> finish(OutputEnd end) override;

 private:
  Result<void> write(std::string lines);

  SharedOutput& shared_;
  StandardStream to_;
  std::optional<TerminalFilter> filter_;
  PrefixedLines lines_;
};

}  // namespace hotline::cli
