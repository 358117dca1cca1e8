#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "options.h"
#include "text.h"

namespace bench {

// The requests of a datagram load and their replies, which have the same size. Each has a number.
class Datagrams {
 public:
  virtual ~Datagrams() = default;

  // Writes request `number` of the socket `peer`: Options::bytes.
  virtual void compose(std::size_t peer, std::uint32_t number, char* request) const = 0;

  // Returns the number of a reply of the right size. Throws Failure for any wrong byte.
  virtual std::uint32_t verify(std::size_t peer, const char* reply) const = 0;

  static std::unique_ptr<Datagrams> of(const Options& options);
};

// Begins with the number, eight digits that upper-casing leaves alone.
class UpperDatagrams final : public Datagrams {
 public:
  explicit UpperDatagrams(const Options& options);

  void compose(std::size_t peer, std::uint32_t number, char* request) const override;
  std::uint32_t verify(std::size_t peer, const char* reply) const override;

 private:
  std::uint64_t position(std::size_t peer, std::uint32_t number) const;

  std::size_t bytes_;
  Text text_;
};

// NTP packets of version 4. The number is a part of the transmit time, which a server returns as
// the originate time.
class NtpDatagrams final : public Datagrams {
 public:
  static constexpr std::size_t kBytes = 48;

  void compose(std::size_t peer, std::uint32_t number, char* request) const override;
  std::uint32_t verify(std::size_t peer, const char* reply) const override;
};

}  // namespace bench
