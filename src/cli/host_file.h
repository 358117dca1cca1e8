#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cli/host_output.h"
#include "cli/json_line.h"
#include "hotline/engine/staged_file.h"

namespace hotline::cli {

/// Returns for each endpoint the name of the file for its output: what follows the scheme, without
/// the options; `_` for what could be misread in a name, and a number after all but the first of
/// equal ones: `alice@a.example:8090`, `run_commands.sock`, `run_commands.sock.1`. No two names
/// differ in the case of letters only, and none is another with StagedFile::kPartial after it.
std::vector<std::string> host_file_names(std::span<const std::string> hosts);

/// The file that has an output.
struct HostFile {
  std::string path;
  std::uint64_t bytes = 0;
  OutputEnd end = OutputEnd::partial;
};

/// Returns an object with the path, the number of bytes and whether they are complete.
JsonLine json_of_file(const HostFile& file);

/// Writes an output to a file, which has its name when it is complete.
class FiledOutput : public HostOutput {
 public:
  /// `file` is set when the output has ended, unless the file is incomplete and empty: such a one
  /// is removed. It must outlive this object.
  FiledOutput(std::string path, std::optional<HostFile>& file)
      : path_(std::move(path)), file_(file) {}

  /// Makes the file. Fails as StagedFile::make().
  Result<void> open() override;

  /// Fails as StagedFile::append().
  Result<void> take(Bytes piece) override { return staged_->append(piece); }

  /// Fails as StagedFile::publish().
  Result<void> finish(OutputEnd end) override;

 private:
  std::string path_;
  std::optional<HostFile>& file_;
  std::optional<StagedFile> staged_;
};

}  // namespace hotline::cli
