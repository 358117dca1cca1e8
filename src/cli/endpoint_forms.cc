#include "cli/endpoint_forms.h"

#include <algorithm>

#include "hotline/net/transport.h"

namespace hotline::cli {
namespace {

bool is_upper_case(char c) { return c >= 'A' && c <= 'Z'; }

std::vector<Transport> transports() {
  std::vector<Transport> all;
  for (std::size_t i = 0; i < transport_names().size(); ++i) {
    all.push_back(static_cast<Transport>(i));
  }
  return all;
}

/// Returns the beginnings of the endpoints whose transport `is_wanted`.
template <typename Predicate>
std::vector<std::string> prefixes_where(Predicate is_wanted) {
  std::vector<std::string> prefixes;
  for (const Transport transport : transports()) {
    // A number has no beginning to propose.
    if (transport == Transport::fd || !is_wanted(transport)) continue;
    for (const Choice& each : transport_forms(transport)) {
      prefixes.emplace_back(each.form.begin(), std::ranges::find_if(each.form, is_upper_case));
    }
  }
  return prefixes;
}

}  // namespace

std::vector<Definition> endpoint_forms() {
  std::vector<Definition> forms;
  for (const Transport transport : transports()) {
    for (const Choice& each : transport_forms(transport)) {
      forms.push_back({std::string(each.form), std::string(each.summary)});
    }
  }
  return forms;
}

std::vector<std::string> endpoint_prefixes(std::string_view scheme) {
  return prefixes_where([&](Transport transport) { return name_of(transport) == scheme; });
}

std::vector<std::string> call_prefixes() {
  return prefixes_where([](Transport) { return true; });
}

std::vector<std::string> stream_prefixes() {
  return prefixes_where([](Transport transport) { return is_stream(transport); });
}

}  // namespace hotline::cli
