#pragma once

#include <memory>
#include <string>

#include "cli/line_editing.h"
#include "cli/line_reader.h"

namespace hotline::cli {

/// Lines typed at a terminal, with a prompt, editing, and a history that outlives the program. Data
/// from the peer is shown at once, and the line that is being typed stays.
class LineEditor final : public LineInput {
 public:
  explicit LineEditor(LineEditing editing);
  ~LineEditor() override;

  MessageSource::Next next_line(std::string& line, PeerWatch& peer) override;

  /// A line that begins with a blank is not kept, so that secrets can stay out of the history.
  void remember(const std::string& line) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hotline::cli
