#include "net/source_steering.h"

#include <sys/socket.h>

#include "engine/engine.h"

namespace hotline::net {
namespace {

// The program sees the bytes after the UDP header; this leads to the IP header.
constexpr auto kIpHeader = static_cast<std::uint32_t>(SKF_NET_OFF);
constexpr std::uint32_t kIpv4Source = kIpHeader + 12;
constexpr std::uint32_t kIpv6Source = kIpHeader + 8;

// Spreads addresses that differ only in their last bits: 2^32 divided by the golden ratio.
constexpr std::uint32_t kMultiplier = 0x9E3779B1;

sock_filter step(int code, std::uint32_t value = 0) {
  return {static_cast<std::uint16_t>(code), 0, 0, value};
}

sock_filter jump_if_equal(std::uint32_t value, std::uint8_t steps_if, std::uint8_t steps_if_not) {
  return {BPF_JMP | BPF_JEQ | BPF_K, steps_if, steps_if_not, value};
}

}  // namespace

SteeringProgram steering_program(std::uint32_t sockets) {
  constexpr int kLoadByte = BPF_LD | BPF_B | BPF_ABS;
  constexpr int kLoadWord = BPF_LD | BPF_W | BPF_ABS;
  constexpr int kMultiply = BPF_ALU | BPF_MUL | BPF_K;
  constexpr int kShiftRight = BPF_ALU | BPF_RSH | BPF_K;
  constexpr int kKeep = BPF_MISC | BPF_TAX;
  constexpr int kAddKept = BPF_ALU | BPF_ADD | BPF_X;
  return {
      step(kLoadByte, kIpHeader),
      step(kShiftRight, 4),
      jump_if_equal(6, 2, 0),
      step(kLoadWord, kIpv4Source),
      step(BPF_JMP | BPF_JA, 13),
      step(kLoadWord, kIpv6Source),
      step(kMultiply, kMultiplier),
      step(kKeep),
      step(kLoadWord, kIpv6Source + 4),
      step(kAddKept),
      step(kMultiply, kMultiplier),
      step(kKeep),
      step(kLoadWord, kIpv6Source + 8),
      step(kAddKept),
      step(kMultiply, kMultiplier),
      step(kKeep),
      step(kLoadWord, kIpv6Source + 12),
      step(kAddKept),
      step(kMultiply, kMultiplier),
      step(kShiftRight, 16),
      step(BPF_ALU | BPF_MOD | BPF_K, sockets),
      step(BPF_RET | BPF_A),
  };
}

int steer_by_source(const engine::Channel& channel, std::uint32_t sockets) {
  SteeringProgram steps = steering_program(sockets);
  const sock_fprog program{static_cast<unsigned short>(steps.size()), steps.data()};
  return engine::Engine::current().set_option(channel.fd(), SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF,
                                              &program, sizeof program);
}

}  // namespace hotline::net
