#include "hotline/core/secret.h"

#include <string.h>

#include <utility>

namespace hotline {

Secret::Secret(Secret&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

Secret& Secret::operator=(const Secret& other) {
  if (this != &other) *this = Secret(other);
  return *this;
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this == &other) return *this;
  wipe();
  bytes_ = std::exchange(other.bytes_, {});
  return *this;
}

Secret::~Secret() { wipe(); }

void Secret::wipe() noexcept { hotline::wipe(bytes_); }

bool operator==(const Secret& left, const Secret& right) {
  return equal_in_constant_time(left.bytes_, right.bytes_);
}

bool equal_in_constant_time(Bytes left, Bytes right) {
  if (left.size() != right.size()) return false;
  volatile unsigned difference = 0;
  for (std::size_t i = 0; i < left.size(); ++i) {
    difference = difference | std::to_integer<unsigned>(left[i] ^ right[i]);
  }
  return difference == 0;
}

void wipe(MutableBytes bytes) noexcept {
  if (!bytes.empty()) ::explicit_bzero(bytes.data(), bytes.size());
}

}  // namespace hotline
