#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <span>
#include <string>

#include "support/session_model.h"

// Two ends of a session do what the input chooses, and some of what they send is changed on the
// way, until the connection is cut at some byte. Nothing is delivered beyond the credit, out of
// order, after its end or twice, and a cut is never taken for an end. As long as nothing was
// changed, no end fails.

namespace {

using namespace hotline;

constexpr std::uint32_t kTurnsMax = 400;

/// Numbers from the input, and after its end numbers that depend on it: short inputs too make long
/// conversations.
class Input {
 public:
  explicit Input(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  std::uint32_t number(std::uint32_t bound) {
    if (bytes_.empty()) return static_cast<std::uint32_t>(later_() >> 8) % bound;
    std::uint32_t value = 0;
    for (std::uint32_t covered = 1; covered < bound && !bytes_.empty(); covered <<= 8) {
      value = value << 8 | bytes_.front();
      later_.seed(static_cast<std::uint32_t>(later_()) ^ bytes_.front());
      bytes_ = bytes_.subspan(1);
      if (covered >= 1U << 24) break;
    }
    return value % bound;
  }

 private:
  std::span<const std::uint8_t> bytes_;
  std::minstd_rand later_;
};

SessionOptions options_of(Input& input) {
  SessionOptions options;
  options.protocol = "fuzz/1";
  options.message_types = 4;
  options.frame_max = 1'024;
  options.streams_max = 1 + input.number(4);
  options.opened_max = 4;
  options.flow_credit = input.number(1'000);
  options.message_credit = 1'056 + input.number(1'000);
  options.data_max = 1 + input.number(1'000);
  options.unsent_max = 1 + input.number(4'000);
  return options;
}

void require(const test::ModelEnd& end) {
  if (end.problem().empty()) return;
  std::fprintf(stderr, "%s\n", end.problem().c_str());
  std::abort();
}

/// Returns a CREDIT that the receiver of a flow did not send: its sender goes on without credit.
std::string credit_not_given(Input& input) {
  std::string frame = {0, 0, 0, 5, 9, 0, 0, 0, 0, 0, 0, static_cast<char>(1 + input.number(4))};
  frame += static_cast<char>(input.number(3));
  return frame.append({0, 0, 8, 0});
}

/// Changes bytes, removes some, repeats some, or adds a frame.
void change(std::string& wire, Input& input) {
  const auto size = static_cast<std::uint32_t>(std::min<std::size_t>(wire.size(), 4'000));
  const std::size_t at = input.number(size + 1);
  const std::size_t count = std::min<std::size_t>(1 + input.number(40), wire.size() - at);
  switch (input.number(5)) {
    case 4: wire.insert(input.number(2) == 0 ? 0 : at, credit_not_given(input)); return;
    case 0:
      for (std::size_t i = 0; i < std::min<std::size_t>(count, 4); ++i) {
        wire[at + i] = static_cast<char>(input.number(256));
      }
      return;
    case 1: wire.erase(at, count); return;
    case 2: wire.insert(at, wire.substr(at, count)); return;
    default: break;
  }
  std::string frame = {0, 0, 0, static_cast<char>(input.number(24))};
  frame += static_cast<char>(input.number(2) == 0 ? input.number(12) : input.number(256));
  frame += static_cast<char>(input.number(2) == 0 ? 0 : 0x80);
  frame += std::string(5, '\0') + static_cast<char>(input.number(9));
  for (int i = frame[3]; i > 0; --i) frame += static_cast<char>(input.number(4));
  wire.insert(at, frame);
}

void converse(Input& input) {
  test::Choices choices = [&](std::uint32_t bound) { return input.number(bound); };
  test::ModelEnd ends[] = {{SessionRole::client, options_of(input), choices},
                           {SessionRole::server, options_of(input), choices}};
  // Most are short; few are long, and reach states that need many frames.
  const std::uint32_t turns = kTurnsMax >> input.number(6);
  for (std::uint32_t turn = 0; turn < turns; ++turn) {
    const std::uint32_t which = input.number(2);
    test::ModelEnd& from = ends[which];
    test::ModelEnd& to = ends[1 - which];
    const std::uint32_t what = input.number(16);
    if (what == 15) {
      from.is_wire_changed = to.is_wire_changed = true;
      change(from.wire, input);
    } else if (what == 14 && input.number(16) == 0) {
      from.say_goodbye();
    } else if (what >= 10) {
      from.take();
      test::deliver_some(from, to, what == 13 ? SIZE_MAX : input.number(2'000));
    } else {
      from.act();
    }
  }
  for (test::ModelEnd& each : ends) each.cut();
  for (const test::ModelEnd& each : ends) require(each);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(std::span(data, size));
  converse(input);
  return 0;
}
