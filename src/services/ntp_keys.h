#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "hotline/core/bytes.h"
#include "hotline/core/result.h"
#include "services/ntp_key.h"

namespace hotline::services {

/// The keys of one key file. Any thread may use it.
///
/// A line of the file is `ID TYPE KEY`, or `ID KEY` for a key of type MD5, as in the files of
/// chronyd and ntpd: docs/wire/ntp.md. Lines that begin with `#`, `!`, `;` or `%` are comments.
class NtpKeys {
 public:
  static constexpr std::size_t kFileBytesMax = 1 << 20;

  /// Reads the file at `path`. Fails as read_private_file() and parse() do.
  static Result<NtpKeys> read(const std::string& path);

  /// Parses `content`, which was read from the file `path`. Fails with `invalid_argument`, and with
  /// `unsupported` if OpenSSL is configured without the algorithm of a key. The error names the
  /// file and the line, and has no part of a key in it.
  static Result<NtpKeys> parse(Bytes content, const std::string& path);

  /// Returns the key with that id, or null. The key is valid as long as this object.
  const NtpKey* find(std::uint32_t id) const;

  /// Returns the key with which `datagram` is authenticated. Returns null if it has no MAC, the MAC
  /// of a key that is not here, or a MAC that is wrong.
  const NtpKey* verify(const NtpDatagram& datagram) const;

  /// Returns the keys in the order of their ids.
  const std::vector<NtpKey>& keys() const { return keys_; }

 private:
  std::vector<NtpKey> keys_;
};

}  // namespace hotline::services
