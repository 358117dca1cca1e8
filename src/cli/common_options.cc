#include "cli/common_options.h"

#include <algorithm>
#include <utility>

namespace hotline::cli {

std::vector<OptionRow> common_rows() {
  return {{.name = "--json", .help = "print one JSON object a line, for other programs to read"},
          {.name = "--home",
           .value = "DIR",
           .help = "keep files (keys, the history of 'call' and 'shell') in DIR instead of the XDG "
                   "directories"},
          {.name = "--help", .letter = 'h', .help = "print help and exit"}};
}

std::vector<OptionRow> program_rows() {
  std::vector<OptionRow> rows = common_rows();
  rows.push_back({.name = "--version", .letter = 'V', .help = "print the version and exit"});
  return rows;
}

std::vector<OptionRow> with_common_rows(std::vector<OptionRow> own) {
  for (OptionRow& common : common_rows()) {
    if (std::ranges::count(own, common.name, &OptionRow::name) > 0) continue;
    if (common.name == "--home") common.is_listed = false;
    own.push_back(std::move(common));
  }
  return own;
}

}  // namespace hotline::cli
