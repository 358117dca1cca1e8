#include "support/large_frames.h"

namespace hotline::test {
namespace {

constexpr std::size_t kRecursionFrameBytes = 20'000;

}  // namespace

template <std::size_t Bytes>
[[gnu::noinline]] void use_frame() {
  volatile char frame[Bytes];
  frame[0] = 1;
  static_cast<void>(frame[0]);
}

template void use_frame<70'000>();
template void use_frame<100'000>();
template void use_frame<1'000'000>();

[[gnu::noinline]] int recurse_with_large_frames(int depth) {
  volatile char frame[kRecursionFrameBytes];
  frame[0] = 1;
  return depth == 0 ? 0 : recurse_with_large_frames(depth - 1) + frame[0];
}

}  // namespace hotline::test
