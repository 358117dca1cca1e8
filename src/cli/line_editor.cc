#include "cli/line_editor.h"

#include <histedit.h>

#include <algorithm>
#include <cerrno>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <cwchar>
#include <exception>
#include <utility>

#include "cli/report.h"
#include "cli/standard_input.h"
#include "cli/text_layout.h"
#include "hotline/engine/standard_streams.h"

namespace hotline::cli {
namespace {

constexpr int kHistoryLinesMax = 1000;
constexpr int kReadFailed = -1;
constexpr std::size_t kColumnsMin = 20;
constexpr char kInterruptKey = 0x03;
constexpr char kSuspendKey = 0x1a;

/// The editor has already written everything that it shows.
void end_line() { write_standard(StandardStream::output, "\n"); }

/// Writes the history next to `path` and then renames it to `path`, so that a full disk loses
/// nothing that was saved before. Returns 0 or an errno.
int save_history(History* lines, const std::string& path) {
  const std::string fresh = path + ".new";
  std::FILE* file = std::fopen(fresh.c_str(), "we");
  if (file == nullptr) return errno;
  HistEvent event;
  const bool is_written = history(lines, &event, H_SAVE_FP, file) >= 0;  // The file has mode 0600.
  int failure = is_written ? 0 : errno;
  if (std::fclose(file) != 0) failure = errno;
  if (failure == 0 && std::rename(fresh.c_str(), path.c_str()) != 0) failure = errno;
  if (failure != 0) std::remove(fresh.c_str());
  return failure;
}

/// Without such a locale, the editor does not accept letters beyond ASCII.
void understand_utf8() {
  std::setlocale(LC_CTYPE, "");
  if (MB_CUR_MAX == 1) std::setlocale(LC_CTYPE, "C.UTF-8");
}

}  // namespace

struct LineEditor::State {
  EditLine* editor = nullptr;
  History* history = nullptr;
  LineEditing editing;
  std::string shown_prompt{};
  PeerWatch* peer = nullptr;  ///< Set while a line is read.
  bool has_hung_up = false;
  bool is_interrupted = false;  ///< ^C was typed.
  bool has_failed_to_save = false;
  std::exception_ptr thrown{};  ///< In a function that the editor, which is C, has called.
  std::mbstate_t decoding{};

  static State& of(EditLine* editor);
  static char* prompt(EditLine* editor) { return of(editor).shown_prompt.data(); }
  static int read_character(EditLine* editor, wchar_t* character);
  static unsigned char complete(EditLine* editor, int key);
  int read(wchar_t* character);
  unsigned char complete_word();
  void take_keys();
  void suspend() const;
  void show(const std::vector<std::string>& proposals) const;
  bool is_at_empty_line() const;
  bool wait_for_input();
  void refresh() const { el_set(editor, EL_REFRESH); }
};

LineEditor::LineEditor(LineEditing editing) : state_(std::make_unique<State>()) {
  understand_utf8();
  State& state = *state_;
  state.editing = std::move(editing);
  state.history = history_init();
  HistEvent event;
  history(state.history, &event, H_SETSIZE, kHistoryLinesMax);
  history(state.history, &event, H_SETUNIQUE, 1);
  const std::string& path = state.editing.history_path;
  if (!path.empty()) {
    history(state.history, &event, H_LOAD, path.c_str());
  }
  state.editor = el_init("hotline", stdin, stdout, stderr);
  el_set(state.editor, EL_CLIENTDATA, state_.get());
  el_set(state.editor, EL_PROMPT, State::prompt);
  el_set(state.editor, EL_EDITOR, "emacs");
  el_set(state.editor, EL_HIST, history, state.history);
  el_set(state.editor, EL_GETCFN, State::read_character);
  el_source(state.editor, nullptr);
  state.take_keys();
}

LineEditor::~LineEditor() {
  el_end(state_->editor);
  history_end(state_->history);
}

MessageSource::Next LineEditor::next_line(std::string& line, PeerWatch& peer) {
  using Next = MessageSource::Next;
  State& state = *state_;
  peer.settle();
  if (peer.has_hung_up()) return Next::hang_up;
  state.peer = &peer;
  int size = 0;
  const char* typed = nullptr;
  do {
    state.is_interrupted = false;
    state.shown_prompt = state.editing.prompt();
    // Otherwise ^C would still be a signal for a moment after the prompt is shown.
    if (state.editing.interrupt == LineInterrupt::clears_line) {
      el_set(state.editor, EL_PREP_TERM, 1);
    }
    typed = el_gets(state.editor, &size);
    if (state.is_interrupted) write_standard(StandardStream::output, "^C\n");
  } while (state.is_interrupted);
  state.peer = nullptr;
  if (state.thrown) std::rethrow_exception(std::exchange(state.thrown, nullptr));
  if (state.has_hung_up) return Next::hang_up;
  if (typed == nullptr || size <= 0) {
    end_line();  // What follows must not be on the line of the prompt.
    return Next::end;
  }
  line.assign(typed, static_cast<std::size_t>(size));
  if (line.ends_with('\n')) line.pop_back();
  return Next::message;
}

void LineEditor::remember(const std::string& line) {
  if (line.starts_with(' ') || line.find('\0') != line.npos) return;
  State& state = *state_;
  HistEvent event;
  history(state.history, &event, H_ENTER, line.c_str());
  // Saved after every line, so that a ^C does not lose it.
  const std::string& path = state.editing.history_path;
  if (path.empty() || state.has_failed_to_save) return;
  const int failure = save_history(state.history, path);
  if (failure == 0) return;
  state.has_failed_to_save = true;
  report_note(std::string("the history is not saved any more: ") + strerrordesc_np(failure),
              OutputForm::text);
}

LineEditor::State& LineEditor::State::of(EditLine* editor) {
  State* state = nullptr;
  el_get(editor, EL_CLIENTDATA, &state);
  return *state;
}

void LineEditor::State::take_keys() {
  if (editing.interrupt == LineInterrupt::ends_program) {
    // The editor restores the terminal before ^C kills the program.
    el_set(editor, EL_SIGNAL, 1);
  } else {
    // These come as characters while a line is typed, and as signals while a command runs.
    el_set(editor, EL_SETTY, "-d", "-isig", nullptr);
  }
  if (!editing.complete) return;
  el_set(editor, EL_ADDFN, "hotline-complete", "Completes a word", State::complete);
  el_set(editor, EL_BIND, "^I", "hotline-complete", nullptr);
}

unsigned char LineEditor::State::complete(EditLine* editor, int) {
  State& state = of(editor);
  try {
    return state.complete_word();
  } catch (...) {
    state.thrown = std::current_exception();
    return CC_ERROR;
  }
}

unsigned char LineEditor::State::complete_word() {
  const LineInfo* line = el_line(editor);
  const std::string before(line->buffer, line->cursor);
  const LineCompletion completion = editing.complete(before);
  if (!completion.inserted.empty()) {
    return el_insertstr(editor, completion.inserted.c_str()) == 0 ? CC_REFRESH : CC_ERROR;
  }
  if (completion.proposals.empty()) return CC_ERROR;
  show(completion.proposals);
  return CC_REDISPLAY;
}

void LineEditor::State::show(const std::vector<std::string>& proposals) const {
  const auto size = terminal_size(StandardStream::output);
  std::string text;
  for (const std::string& each : proposals) text += (text.empty() ? "" : "  ") + each;
  write_standard(StandardStream::output,
                 '\n' + fill(text, size ? std::max(size->columns, kColumnsMin) : kPageColumns));
}

/// Another program gets the terminal as it was.
void LineEditor::State::suspend() const {
  el_set(editor, EL_PREP_TERM, 0);
  end_line();
  std::raise(SIGTSTP);
  el_set(editor, EL_PREP_TERM, 1);
  refresh();
}

/// Shows data from the peer until there is input. Returns false if the peer hangs up.
bool LineEditor::State::wait_for_input() {
  for (;;) {
    switch (cli::wait_for_input(*peer)) {
      case StandardInput::Ready::input: return true;
      case StandardInput::Ready::interrupted: refresh(); break;
      case StandardInput::Ready::peer:
        end_line();  // Below the line that is being typed.
        has_hung_up = !peer->show_arrived();
        if (has_hung_up) return false;
        peer->settle();
        refresh();
        break;
    }
  }
}

bool LineEditor::State::is_at_empty_line() const {
  const LineInfo* line = el_line(editor);
  return line->buffer == line->lastchar;
}

int LineEditor::State::read_character(EditLine* editor, wchar_t* character) {
  State& state = of(editor);
  try {
    return state.thrown ? kReadFailed : state.read(character);
  } catch (...) {
    state.thrown = std::current_exception();
    return kReadFailed;
  }
}

int LineEditor::State::read(wchar_t* character) {
  for (;;) {
    if (!wait_for_input()) return kReadFailed;
    char byte = 0;
    if (StandardInput::read(std::as_writable_bytes(std::span(&byte, 1))) <= 0) return 0;
    if (byte == kInterruptKey && editing.interrupt == LineInterrupt::clears_line) {
      is_interrupted = true;
      return kReadFailed;
    }
    if (byte == kSuspendKey && editing.interrupt == LineInterrupt::clears_line) {
      suspend();
      continue;
    }
    // A ^D that was typed before the prompt arrives as this.
    if (byte == '\0' && is_at_empty_line()) return 0;
    const std::size_t size = std::mbrtowc(character, &byte, 1, &decoding);
    if (size <= 1) return 1;
    if (size == static_cast<std::size_t>(-1)) decoding = {};  // Not a character: ignored.
  }
}

}  // namespace hotline::cli
