#include "calling.h"

#include <chrono>
#include <string_view>

#include "hotline/hotline.h"

namespace bench {

hotline::Result<hotline::Stream> call_server(const std::string& endpoint, const std::string& keys) {
  hotline::ConnectOptions options;
  options.timeout = std::chrono::seconds(20);
  if (!keys.empty()) {
    options.tls.credential = [keyring = hotline::Keyring::open(keys).value()](
                                 std::string_view name, std::string_view server) {
      return keyring.credential(name, server);
    };
  }
  return hotline::connect_authenticated(endpoint, options);
}

}  // namespace bench
