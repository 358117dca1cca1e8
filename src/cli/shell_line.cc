#include "cli/shell_line.h"

namespace hotline::cli {
namespace {

/// Always in quotes: a bare word might be a keyword of the shell, or an assignment.
std::string quote_for_shell(const std::string& word) {
  std::string quoted = "'";
  for (const char each : word) {
    if (each == '\'') {
      quoted += "'\\''";
    } else {
      quoted += each;
    }
  }
  return quoted + '\'';
}

}  // namespace

std::string shell_line(const std::vector<std::string>& words) {
  if (words.size() == 1) return words.front();
  std::string line;
  for (const std::string& word : words) {
    line.append(line.empty() ? "" : " ").append(quote_for_shell(word));
  }
  return line;
}

}  // namespace hotline::cli
