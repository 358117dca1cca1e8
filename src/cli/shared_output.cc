#include "cli/shared_output.h"

#include <cstdlib>
#include <string_view>
#include <utility>

#include "cli/standard_input.h"
#include "hotline/engine/offload.h"

namespace hotline::cli {
namespace {

constexpr std::string_view kEraseLine = "\r\x1b[K";
constexpr std::size_t kUsualColumns = 80;

std::string cut_to_terminal(std::string_view line) {
  const auto size = terminal_size(StandardStream::error);
  const std::size_t columns = size && size->columns > 1 ? size->columns : kUsualColumns;
  // Without the last column, in which some terminals begin a new line.
  return std::string(line.substr(0, columns - 1));
}

}  // namespace

SharedOutput::Progress SharedOutput::wanted_progress(OutputForm form) {
  const char* const terminal = std::getenv("TERM");
  const std::string_view name = terminal == nullptr ? "" : terminal;
  const bool can_draw = is_error_terminal() && !name.empty() && name != "dumb";
  return form == OutputForm::text && can_draw ? Progress::shown : Progress::none;
}

bool SharedOutput::write(StandardStream to, std::string lines) {
  if (lines.empty()) return true;
  const auto alone = writing_.lock();
  if (!alone || failure_ != 0) return false;
  const bool is_in_the_way =
      !drawn_.empty() && (to == StandardStream::error || is_output_terminal());
  if (!is_in_the_way) return put({{to, std::move(lines)}});
  return put({{StandardStream::error, std::string(kEraseLine)},
              {to, std::move(lines)},
              {StandardStream::error, drawn_}});
}

void SharedOutput::draw(std::string_view line) {
  if (progress_ == Progress::none) return;
  const auto alone = writing_.lock();
  if (!alone || failure_ != 0) return;
  drawn_ = cut_to_terminal(line);
  put({{StandardStream::error, std::string(kEraseLine) + drawn_}});
}

void SharedOutput::erase() {
  if (!std::exchange(drawn_, {}).empty()) write_standard(StandardStream::error, kEraseLine);
}

bool SharedOutput::put(std::vector<Text> texts) {
  const auto failed = offload([texts = std::move(texts)] {
    for (const Text& each : texts) {
      if (const int failure = write_standard(each.to, each.text); failure != 0) return failure;
    }
    return 0;
  });
  if (!failed) return false;
  failure_ = *failed;
  return failure_ == 0;
}

}  // namespace hotline::cli
