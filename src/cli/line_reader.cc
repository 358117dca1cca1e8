#include "cli/line_reader.h"

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>

#include "cli/line_editor.h"
#include "cli/standard_input.h"

namespace hotline::cli {
namespace {

constexpr std::size_t kReadBytes = 64 * 1024;
constexpr std::string_view kQuit = "quit";

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlankBytes = " \t\r\v\f";
  const std::size_t first = text.find_first_not_of(kBlankBytes);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kBlankBytes) - first + 1);
}

}  // namespace

MessageSource::Next PlainLines::next_line(std::string& line, PeerWatch& peer) {
  using Next = MessageSource::Next;
  while (!take_line(line)) {
    if (has_ended_) return Next::end;
    if (!StandardInput::is_ready()) {
      if (peer.has_hung_up()) return Next::hang_up;
      peer.settle();
    }
    const auto ready = wait_for_input(peer);
    if (ready == StandardInput::Ready::peer && !peer.show_arrived()) return Next::hang_up;
    if (ready != StandardInput::Ready::input) continue;
    const std::size_t size = read_.size();
    read_.resize(size + kReadBytes);
    const auto room = std::as_writable_bytes(std::span(read_)).subspan(size);
    const std::ptrdiff_t count = StandardInput::read(room);
    read_.resize(size + static_cast<std::size_t>(std::max<std::ptrdiff_t>(0, count)));
    failure_ = static_cast<int>(std::max<std::ptrdiff_t>(0, -count));
    has_ended_ = count <= 0;
  }
  return Next::message;
}

std::optional<MessageSource::Next> PlainLines::next_line_now(std::string& line) {
  if (take_line(line)) return MessageSource::Next::message;
  return has_ended_ ? std::optional(MessageSource::Next::end) : std::nullopt;
}

bool PlainLines::take_line(std::string& line) {
  const std::size_t newline = read_.find('\n', searched_);
  searched_ = read_.size();
  if (newline == read_.npos && (!has_ended_ || begin_ == read_.size())) {
    read_.erase(0, begin_);
    searched_ -= begin_;
    begin_ = 0;
    return false;
  }
  const std::size_t end = std::min(newline, read_.size());
  line.assign(read_, begin_, end - begin_);
  begin_ = searched_ = std::min(end + 1, read_.size());
  return true;
}

bool LineReader::edits_standard_input() {
  return StandardInput::is_terminal() && is_output_terminal();
}

std::unique_ptr<LineReader> LineReader::on_standard_input(const Home& home, LineRules rules) {
  LineEditing editing;
  if (edits_standard_input()) editing.history_path = home.state_file("history");
  return on_standard_input(std::move(editing), rules);
}

std::unique_ptr<LineReader> LineReader::on_standard_input(LineEditing editing, LineRules rules) {
  const bool is_terminal = StandardInput::is_terminal();
  if (is_terminal) rules.quit = QuitLine::ends;
  if (edits_standard_input()) {
    return std::make_unique<LineReader>(std::make_unique<LineEditor>(std::move(editing)), rules);
  }
  return std::make_unique<LineReader>(std::make_unique<PlainLines>(), rules);
}

MessageSource::Next LineReader::next(std::string& message, PeerWatch& peer) {
  while (!has_quit_) {
    const Next next = input_->next_line(message, peer);
    if (next != Next::message) return next;
    if (const auto judged = judge(message)) return *judged;
  }
  return Next::end;
}

std::optional<MessageSource::Next> LineReader::next_now(std::string& message) {
  while (!has_quit_) {
    const auto next = input_->next_line_now(message);
    if (next != Next::message) return next;
    if (const auto judged = judge(message)) return judged;
  }
  return Next::end;
}

/// Returns nullopt if the line is to be skipped.
std::optional<MessageSource::Next> LineReader::judge(std::string& line) {
  const std::string_view words = trim(line);
  if (words.empty()) {
    if (rules_.blank == BlankLine::is_skipped) return std::nullopt;
    line.clear();
    return Next::message;
  }
  has_quit_ = rules_.quit == QuitLine::ends && words == kQuit;
  if (has_quit_) return Next::end;
  input_->remember(line);
  return Next::message;
}

}  // namespace hotline::cli
