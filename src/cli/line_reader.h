#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/home.h"
#include "cli/line_editing.h"
#include "cli/message_source.h"

namespace hotline::cli {

/// The source of lines: a terminal with editing and a history, or plain bytes.
class LineInput {
 public:
  virtual ~LineInput() = default;

  /// Gets the next line without its newline, as MessageSource::next() does.
  virtual MessageSource::Next next_line(std::string& line, PeerWatch& peer) = 0;

  /// Same as next(), without waiting. Returns nullopt if the line has not arrived yet.
  virtual std::optional<MessageSource::Next> next_line_now(std::string&) { return std::nullopt; }

  /// See MessageSource::failure().
  virtual int failure() const { return 0; }

  /// Adds `line` to the history.
  virtual void remember(const std::string&) {}
};

/// Lines of standard input, whatever bytes they contain; the last may lack its newline.
class PlainLines final : public LineInput {
 public:
  MessageSource::Next next_line(std::string& line, PeerWatch& peer) override;
  std::optional<MessageSource::Next> next_line_now(std::string& line) override;
  int failure() const override { return failure_; }

 private:
  bool take_line(std::string& line);

  std::string read_;
  std::size_t begin_ = 0;     ///< Where the next line begins in the bytes that were read.
  std::size_t searched_ = 0;  ///< The bytes before this position contain no newline.
  bool has_ended_ = false;
  int failure_ = 0;
};

/// What the line `quit` means.
enum class QuitLine : std::uint8_t {
  ends,        ///< It ends the input.
  is_message,  ///< It is an ordinary message.
};

/// What a line without a word means.
enum class BlankLine : std::uint8_t {
  is_skipped,
  is_empty_message,
};

/// What some lines mean.
struct LineRules {
  QuitLine quit = QuitLine::ends;
  BlankLine blank = BlankLine::is_skipped;
};

/// The lines of standard input as messages.
class LineReader final : public MessageSource {
 public:
  explicit LineReader(std::unique_ptr<LineInput> input, LineRules rules = {})
      : input_(std::move(input)), rules_(rules) {}

  /// Returns true if standard input and output are a terminal, so that lines are edited at a
  /// prompt.
  static bool edits_standard_input();

  /// Returns the lines of standard input, edited at a prompt if standard input and output are a
  /// terminal. Their history is kept in `home`. At a terminal `quit` ends them; `rules` say what it
  /// means if standard input is a file or a pipe.
  static std::unique_ptr<LineReader> on_standard_input(const Home& home, LineRules rules);

  /// The same with another prompt and history.
  static std::unique_ptr<LineReader> on_standard_input(LineEditing editing, LineRules rules);

  Next next(std::string& message, PeerWatch& peer) override;
  std::optional<Next> next_now(std::string& message) override;
  int failure() const override { return input_->failure(); }

 private:
  std::optional<Next> judge(std::string& line);

  std::unique_ptr<LineInput> input_;
  LineRules rules_;
  bool has_quit_ = false;
};

}  // namespace hotline::cli
