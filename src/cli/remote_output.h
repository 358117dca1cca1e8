#pragma once

#include <cstdint>
#include <string>

#include "cli/terminal_filter.h"
#include "cli/terminal_text.h"
#include "hotline/core/bytes.h"
#include "hotline/engine/standard_streams.h"

namespace hotline::cli {

/// Writes the outputs of a remote command to the standard streams of this program as they come: to
/// a terminal filtered, elsewhere unchanged.
class RemoteOutput {
 public:
  /// With Controls::raw a terminal gets everything unchanged too.
  RemoteOutput(Controls controls, FilteredColours colours);

  /// Writes `piece`. Blocks while `to` has no room. Returns false after a write has failed.
  bool write(StandardStream to, Bytes piece);

  /// Removes from `piece` what can be written without blocking, unless `to` is a terminal. Returns
  /// false after a write has failed.
  bool write_at_once(StandardStream to, Bytes& piece);

  /// Writes what is still held, because nothing more comes.
  bool finish();

  /// Returns the errno of the write that failed, or 0.
  int failure() const { return failure_; }

  /// Returns the stream of that write.
  StandardStream failed() const { return failed_; }

 private:
  struct Output {
    bool is_filtered = false;
    TerminalFilter filter{};
  };

  Output& output(StandardStream to) { return to == StandardStream::output ? output_ : error_; }
  bool put(StandardStream to, std::string_view text);

  Output output_;
  Output error_;
  int failure_ = 0;
  StandardStream failed_ = StandardStream::output;
};

}  // namespace hotline::cli
