#include "text.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <random>
#include <string_view>

#include "failure.h"

namespace bench {
namespace {

// The neighbours of a and z, of A and Z, and bytes that differ from a letter by the case bit only.
constexpr std::string_view kEdges("az`{AZ@[\0\x7f\x80\xff\xc1\xdb\xe1\xfa", 16);
// Primes, so that messages of no usual size repeat after a few.
constexpr std::size_t kPeriod = 4093;
constexpr std::size_t kPrefixedPeriod = 61;

constexpr std::array<std::string_view, 6> kWords = {"straße",   "éclair", "naïve",
                                                    "操作成功", "ключ",   "🙂"};

std::string piece(std::mt19937& random) {
  const auto pick = [&random](std::size_t count) { return random() % count; };
  switch (pick(8)) {
    case 0: return std::string(kWords[pick(kWords.size())]);
    case 1: return std::string(1, kEdges[pick(kEdges.size())]);
    case 2: return std::to_string(pick(10'000));
    case 3: return std::string(1, static_cast<char>(pick(256)));
    case 4: return std::string(1, static_cast<char>('A' + pick(26)));
    default: return std::string(1, static_cast<char>('a' + pick(26)));
  }
}

char upper(char byte) {
  return byte >= 'a' && byte <= 'z' ? static_cast<char>(byte - 'a' + 'A') : byte;
}

}  // namespace

Text::Text(const Options& options, std::size_t window_max)
    : stride_(options.prefix == Prefix::kNone ? 1 : options.bytes),
      period_(stride_ * (stride_ == 1 ? kPeriod : kPrefixedPeriod)) {
  std::mt19937 random(20'240'229);
  while (mixed_.size() < period_) mixed_ += piece(random);
  mixed_.resize(period_);
  while (mixed_.size() < period_ + window_max) mixed_.append(mixed_, 0, period_);
  upper_.resize(mixed_.size());
  std::transform(mixed_.begin(), mixed_.end(), upper_.begin(), upper);
  if (options.prefix == Prefix::kNone) return;
  put_prefixes(mixed_);
  put_prefixes(upper_);
}

void Text::put_prefixes(std::string& text) const {
  constexpr std::size_t kBytes = sizeof(std::uint32_t);
  const std::uint32_t length = htonl(static_cast<std::uint32_t>(stride_ - kBytes));
  for (std::size_t i = 0; i + kBytes <= text.size(); i += stride_)
    std::memcpy(text.data() + i, &length, kBytes);
}

void Text::verify(const char* received, std::size_t size, std::uint64_t position) const {
  const char* expected = reply(position);
  if (std::memcmp(received, expected, size) == 0) return;
  const auto difference = std::mismatch(received, received + size, expected);
  char message[96];
  std::snprintf(message, sizeof message, "wrong reply: byte %td of %zu is 0x%02x, not 0x%02x",
                difference.first - received, size, static_cast<unsigned char>(*difference.first),
                static_cast<unsigned char>(*difference.second));
  throw Failure(message);
}

}  // namespace bench
