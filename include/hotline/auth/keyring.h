#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hotline/auth/key_record.h"
#include "hotline/core/public.h"
#include "hotline/core/reloaded.h"
#include "hotline/core/result.h"
#include "hotline/net/psk.h"

namespace hotline HOTLINE_PUBLIC {

/// The keys of one home, read into memory: what TLS asks on both sides. Copies share the same keys.
/// Any thread; the files are read by open() and reload() only, which block their thread.
class Keyring {
 public:
  /// Reads the keys of the home whose key files are in `directory`. Without files there are no
  /// keys. Fails as KeyStore::read() does.
  static Result<Keyring> open(std::string directory);

  /// Reads the files again. If one of them is bad, fails and keeps all keys as they were.
  Result<void> reload() const;

  /// Same as above, but the keys are in use only after the returned function was called. It may
  /// outlive this object.
  Result<Reloaded> read_again() const;

  /// Returns the key that the caller with this identity has to prove: one of the callers of this
  /// home; nullopt if there is none. An unknown identity takes the same work as a known one. Does
  /// not wait.
  std::optional<Psk> accepted(std::string_view identity) const;

  /// Returns accepted() as a function, which sees the keys of later reloads too and may outlive
  /// this object.
  PskLookup lookup() const;

  /// Returns the credential `name` for the server whose id begins with `server_id`. An empty text
  /// selects any. Fails with `not_found` if there is none, and with `invalid_argument` if there are
  /// several, which the error lists.
  Result<Psk> credential(std::string_view name, std::string_view server_id = {}) const;

  /// Returns how many callers this home accepts.
  std::size_t callers() const;

  /// Returns their names, in no order.
  std::vector<std::string> caller_names() const;

 private:
  struct State;

  explicit Keyring(std::shared_ptr<State> state) : state_(std::move(state)) {}

  std::shared_ptr<State> state_;
};

}  // namespace hotline
