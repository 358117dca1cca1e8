#include "cli/file_progress.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "cli/file_text.h"
#include "cli/report.h"
#include "cli/standard_input.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/standard_streams.h"

namespace hotline::cli {
namespace {

constexpr std::chrono::milliseconds kTerminalPause{100};
constexpr std::chrono::seconds kOtherPause{10};
// Shorter transfers show nothing.
constexpr std::chrono::milliseconds kFirstShown{500};

std::string clock_text(std::uint64_t seconds) {
  const std::string rest = std::to_string(seconds % 60);
  const std::string minutes = std::to_string(seconds / 60 % 60);
  const std::string tail = (rest.size() < 2 ? "0" : "") + rest;
  if (seconds < 3600) return minutes + ':' + tail;
  return std::to_string(seconds / 3600) + ':' + (minutes.size() < 2 ? "0" : "") + minutes + ':' +
         tail;
}

}  // namespace

std::string progress_text(const std::string& verb, const TransferState& state) {
  std::string text = verb + ' ' + count_text(state.files_done) + '/' + count_text(state.files) +
                     (state.files == 1 ? " file  " : " files  ") + size_text(state.bytes_done) +
                     " of " + size_text(state.bytes);
  const double part =
      state.bytes == 0 ? 1.0
                       : static_cast<double>(state.bytes_done) / static_cast<double>(state.bytes);
  text += ' ' + std::to_string(static_cast<int>(std::min(part, 1.0) * 100)) + '%';
  const double seconds = std::chrono::duration<double>(state.elapsed).count();
  if (seconds <= 0 || state.bytes_done == 0) return text;
  const double rate = static_cast<double>(state.bytes_done) / seconds;
  const std::uint64_t left = state.bytes - std::min(state.bytes, state.bytes_done);
  text += "  " + size_text(static_cast<std::uint64_t>(rate)) + "/s";
  if (left > 0)
    text += "  " + clock_text(static_cast<std::uint64_t>(static_cast<double>(left) / rate) + 1) +
            " left";
  return text;
}

FileProgress::FileProgress(std::string verb, OutputForm form)
    : verb_(std::move(verb)), form_(form), is_terminal_(is_error_terminal()) {}

void FileProgress::begin(std::uint64_t files, std::uint64_t bytes) {
  state_.files = files;
  state_.bytes = bytes;
  began_ = now();
}

void FileProgress::add(std::uint64_t before, std::uint64_t done) {
  // A transfer that begins anew is not shown to go backwards.
  if (done > before) state_.bytes_done += done - before;
  state_.bytes = std::max(state_.bytes, state_.bytes_done);
}

void FileProgress::leave_out(std::uint64_t bytes) {
  state_.bytes = std::max(state_.bytes_done, state_.bytes - std::min(state_.bytes, bytes));
}

void FileProgress::show_until_cancelled() {
  if (form_ == OutputForm::json) return;
  auto slept = is_terminal_ ? sleep_for(kFirstShown) : sleep_for(kOtherPause);
  while (slept) {
    show();
    slept = is_terminal_ ? sleep_for(kTerminalPause) : sleep_for(kOtherPause);
  }
  clear();
}

std::string FileProgress::text() {
  state_.elapsed = now() - began_;
  return progress_text(verb_, state_);
}

void FileProgress::print() {
  clear();
  report_note_in_time(text(), form_);
}

void FileProgress::show() {
  const std::string text = this->text();
  // A terminal that does not take it must not delay the transfer.
  write_standard_within(StandardStream::error, is_terminal_ ? "\r" + text + "\x1b[K" : text + '\n',
                        std::chrono::milliseconds(0));
  is_shown_ = is_terminal_;
}

void FileProgress::clear() {
  if (!is_shown_) return;
  write_standard_within(StandardStream::error, "\r\x1b[K", std::chrono::milliseconds(100));
  is_shown_ = false;
}

}  // namespace hotline::cli
