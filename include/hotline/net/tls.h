#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hotline/core/choice.h"
#include "hotline/core/public.h"
#include "hotline/core/result.h"
#include "hotline/net/option_taker.h"
#include "hotline/net/psk.h"
#include "hotline/net/stream_layer.h"

namespace hotline HOTLINE_PUBLIC {

/// Returns the key under which a client calls: `name` is NAME of `tls://NAME@HOST:PORT`, empty if
/// there is none, and `server` the value of `server=`, which chooses among keys of one name.
using PskCredential = std::function<Result<Psk>(std::string_view name, std::string_view server)>;

/// The options of an endpoint for `tls://`. A value.
struct TlsFiles {
  /// `cert`: the file with the certificate of this end and those that lead to its root (PEM). A
  /// server with it does not trust keys.
  std::string certificate{};

  /// `key`: the file with the private key of that certificate (PEM). Default: that of `cert`.
  std::string private_key{};

  /// `ca`: the file with the roots that the peer's certificate must lead to (PEM). Server: callers
  /// must have a certificate. Client: the server is trusted by its certificate for HOST, not by a
  /// key.
  std::string roots{};

  /// `server`: the id, or the beginning of it, of the server for which the client's key is meant.
  std::string server{};

  /// Takes the keys named above. Keys that are not given keep their values in `defaults`.
  static Result<TlsFiles> take_from(OptionTaker& taker, TlsFiles defaults);

  bool operator==(const TlsFiles&) const = default;
};

/// Returns the keys that TlsFiles::take_from takes.
std::span<const Choice> tls_option_names();

/// What the two ends of `tls://` trust: keys that both have, or certificates. A listener trusts
/// keys or certificates, never both. TLS 1.3 only, without session tickets and early data. A
/// connection fails with `protocol_violation` if the peer sends more than 32 updates of keys or
/// tickets, or 64 empty records, in a row without data.
struct TlsOptions {
  TlsFiles files{};
  PskLookup accepted{};  ///< Servers: the keys of callers.
  /// Servers: returns the names of those keys. A Server warns, after bind() and reload(), if there
  /// is none, or if `allow=` has a name that is not among them. Any thread. May be empty.
  std::function<std::vector<std::string>()> accepted_names{};
  PskCredential credential{};  ///< Clients: the key to present.
};

/// One end's settings for TLS, ready to make layers of streams: for listeners and clients that do
/// not use `tls://`. A value, which shares its parts. Any thread.
class Tls {
 public:
  /// Fails with `invalid_argument` if nothing to trust is given, or a file cannot be used.
  static Result<Tls> server(const TlsOptions& options);

  /// `name` and `host` are those of `tls://NAME@HOST:PORT`. The server's certificate must be for
  /// `host`, which may be an address.
  static Result<Tls> client(const TlsOptions& options, std::string_view name,
                            std::string_view host);

  /// Makes the layer of one stream. Throws std::bad_alloc.
  std::unique_ptr<StreamLayer> make_layer() const;

 private:
  struct State;
  explicit Tls(std::shared_ptr<const State> state) : state_(std::move(state)) {}

  std::shared_ptr<const State> state_;
};

}  // namespace hotline
