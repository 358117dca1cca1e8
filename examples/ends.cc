// How a call can end, as the server sees it: Stream::end_reason(). Both sides are in this program.
//
//   ends
#include <iostream>

#include "hotline/hotline.h"

using hotline::Stream;

void show(const char* deed, void (*act)(Stream& caller), std::size_t wanted_bytes = 0) {
  // value() throws the errors that a program this short does not handle.
  auto listener = hotline::listen("tcp://127.0.0.1:0").value();
  auto caller = hotline::connect(listener.endpoint()).value();
  auto call = listener.accept().value();
  constexpr auto kSilenceMax = std::chrono::milliseconds(200);
  call.set_timeouts({.first_byte = kSilenceMax, .idle = kSilenceMax});
  call.write_all(hotline::as_bytes("welcome")).value();
  act(caller);
  std::byte wanted[8];
  if (wanted_bytes > 0) hotline::discard(call.read_exact({wanted, wanted_bytes}));
  while (call.receive()) {
  }
  std::cout << deed << ": " << name_of(call.end_reason()->kind) << '\n';
}

void hear(Stream& caller) { caller.receive().value(); }

int main() {
  show("closes", [](Stream& caller) { hear(caller), caller.close(); });
  show("stops writing, still listens", [](Stream& caller) { caller.shut_down_writes().value(); });
  show("closes, our words unread", [](Stream& caller) { caller.close(); });
  show("breaks off", [](Stream& caller) { hear(caller), caller.abort(); });
  show("says nothing", hear);
  const auto stammer = [](Stream& caller) {
    hear(caller), caller.write_all(hotline::as_bytes("x")).value(), caller.close();
  };
  show("closes after 1 of 2 bytes", stammer, 2);
}
