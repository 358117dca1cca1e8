#include "cli/file_text.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

namespace hotline::cli {
namespace {

constexpr std::array<std::string_view, 7> kSizeUnits{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

}  // namespace

std::string size_text(std::uint64_t bytes) {
  std::size_t unit = 0;
  std::uint64_t tenths = bytes;
  if (bytes >= 1024) {
    // Tenths of the unit; what is below is cut off.
    while (unit + 1 < kSizeUnits.size() && (bytes >> (10 * unit)) >= 1024) ++unit;
    const std::uint64_t below = bytes >> (10 * (unit - 1));
    tenths = below * 10 / 1024;
    if (tenths < 100) {
      return std::to_string(tenths / 10) + '.' + std::to_string(tenths % 10) + ' ' +
             std::string(kSizeUnits[unit]);
    }
    tenths /= 10;
  }
  return std::to_string(tenths) + ' ' + std::string(kSizeUnits[unit]);
}

std::string count_text(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t i = text.size(); i > 3; i -= 3) text.insert(i - 3, ",");
  return text;
}

std::string file_time_text(FileTime time) {
  using namespace std::chrono;
  const auto whole = floor<seconds>(time);
  const auto day = floor<days>(whole);
  const year_month_day date(day);
  const hh_mm_ss clock(whole - day);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02u %02d:%02d:%02d",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text.data();
}

std::string file_time_json(FileTime time) {
  std::string text = file_time_text(time);
  text[text.rfind(' ')] = 'T';
  return text + 'Z';
}

JsonLine json_of_file(std::string_view path, const FileMeta& meta) {
  JsonLine object;
  object.add("path", path);
  object.add("kind", name_of(meta.kind));
  if (meta.kind == FileKind::file) {
    object.add("size", static_cast<std::int64_t>(meta.size));
    object.add_flag("executable", meta.is_executable);
  }
  object.add("modified", file_time_json(meta.modified));
  return object;
}

}  // namespace hotline::cli
