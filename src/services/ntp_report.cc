#include "hotline/services/ntp_report.h"

namespace hotline {

std::string_view name_of(NtpLeap leap) {
  switch (leap) {
    case NtpLeap::none: return "none";
    case NtpLeap::insert: return "insert";
    case NtpLeap::remove: return "delete";
    case NtpLeap::unsynchronised: return "unsynchronised";
  }
  return "unknown";
}

std::string_view name_of(NtpExchangeMode mode) {
  return mode == NtpExchangeMode::basic ? "basic" : "interleaved";
}

std::string NtpServerState::reference_text() const {
  std::string letters;
  std::string numbers;
  for (int shift = 24; shift >= 0; shift -= 8) {
    const auto byte = static_cast<unsigned char>(reference_id >> shift);
    if (byte >= 0x20 && byte < 0x7f) letters += static_cast<char>(byte);
    numbers.append(numbers.empty() ? "" : ".").append(std::to_string(byte));
  }
  return stratum <= 1 && !letters.empty() ? letters : numbers;
}

}  // namespace hotline
