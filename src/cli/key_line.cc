#include "cli/key_line.h"

#include <algorithm>
#include <string_view>

#include "cli/report.h"
#include "cli/standard_input.h"
#include "hotline/engine/standard_streams.h"

namespace hotline::cli {
namespace {

constexpr std::size_t kInputBytesMax = 4096;
constexpr std::string_view kIgnored = " \t\r\n";

/// Reads standard input to its end, at a terminal to the end of a line.
Result<std::size_t> read_input(MutableBytes into) {
  const bool is_terminal = StandardInput::is_terminal();
  if (is_terminal) write_standard(StandardStream::error, "paste the line of the key: ");
  std::size_t size = 0;
  while (size < into.size()) {
    const std::ptrdiff_t count = StandardInput::read(into.subspan(size));
    if (count < 0) return fail(input_error(static_cast<int>(-count)));
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
    if (is_terminal && as_text(into.first(size)).ends_with('\n')) break;
  }
  return size;
}

}  // namespace

Result<Key> read_key_line() {
  Secret input(kInputBytesMax);
  const auto size = read_input(input.fill());
  if (!size) return fail(size.error());
  std::string_view text = as_text(input.bytes().first(*size));
  text.remove_prefix(std::min(text.find_first_not_of(kIgnored), text.size()));
  const std::string_view rest = text.substr(std::min(text.find('\n'), text.size()));
  if (rest.find_first_not_of(kIgnored) != rest.npos) {
    return fail(make_error(ErrorKind::invalid_argument, "take", "the key",
                           "standard input has more than one line", "add one key at a time"));
  }
  return Key::parse(text);
}

}  // namespace hotline::cli
