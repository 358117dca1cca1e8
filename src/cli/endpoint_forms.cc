#include "cli/endpoint_forms.h"

#include <algorithm>
#include <utility>

namespace hotline::cli {
namespace {

bool is_upper_case(char c) { return c >= 'A' && c <= 'Z'; }

}  // namespace

std::vector<Definition> endpoint_forms() {
  return {{"tcp://HOST:PORT",
           "a TCP stream. tcp://:8000 listens on every address. Port 0 takes a "
           "free port."},
          {"udp://HOST:PORT", "UDP datagrams"},
          {"unix:///PATH", "a UNIX stream"},
          {"unix:@NAME", "a UNIX stream with an abstract name (Linux), which is not a file"},
          {"unixgram:///PATH", "UNIX datagrams"},
          {"unixgram:@NAME", "UNIX datagrams with an abstract name"},
          {"fd:N",
           "'serve' only: a socket inherited as descriptor N, which is listening, or bound if "
           "it is for datagrams. The server uses a duplicate and closes N."}};
}

std::vector<std::string> endpoint_prefixes() {
  std::vector<std::string> prefixes;
  for (const Definition& form : endpoint_forms()) {
    const auto placeholder = std::ranges::find_if(form.term, is_upper_case);
    std::string prefix(form.term.begin(), placeholder);
    if (prefix != "fd:") prefixes.push_back(std::move(prefix));
  }
  return prefixes;
}

}  // namespace hotline::cli
