#include "hotline/auth/keyring.h"

#include <unordered_map>
#include <utility>

#include "auth/key_choice.h"
#include "core/replaceable.h"
#include "hotline/auth/key_store.h"
#include "hotline/auth/psk_derivation.h"
#include "hotline/core/choice.h"

namespace hotline {
struct Keyring::State {
  struct TextHash : std::hash<std::string_view> {
    using is_transparent = void;
  };

  /// Keys that never change.
  struct Keys {
    std::unordered_map<std::string, Psk, TextHash, std::equal_to<>> accepted;  ///< By identity.
    std::vector<KeyRecord> credentials;
    Psk dummy;  ///< What is copied for an unknown identity, so that it costs the same.

    void take(KeyRecord record);

    /// Returns what to do about a credential that was not found.
    std::string advice_on(const KeySelector& wanted, const Error& error) const;
  };

  explicit State(std::string path) : directory(std::move(path)) {}

  Result<std::shared_ptr<const Keys>> read() const;
  std::optional<Psk> accepted(std::string_view identity) const;

  const std::string directory;
  Replaceable<Keys> keys{nullptr};
};

void Keyring::State::Keys::take(KeyRecord record) {
  if (record.list == KeyList::credentials) return credentials.push_back(std::move(record));
  Psk psk = derive_psk(record.key);
  std::string identity = psk.identity;
  accepted.emplace(std::move(identity), std::move(psk));
}

std::string Keyring::State::Keys::advice_on(const KeySelector& wanted, const Error& error) const {
  if (error.kind == ErrorKind::not_found) {
    return "'hotline key add' reads the line that 'hotline key new' prints at the server";
  }
  if (wanted.name.empty()) return "name the key: tls://NAME@HOST:PORT";
  return "choose the server: ?server= and " +
         list_words(auth::server_ids_of(credentials, wanted), "or");
}

Result<std::shared_ptr<const Keyring::State::Keys>> Keyring::State::read() const {
  auto records = KeyStore(directory).read();
  if (!records) return fail(std::move(records.error()));
  auto loaded = std::make_shared<Keys>();
  loaded->dummy = derive_psk(Key::random(Key::random_server_id(), "unknown"));
  for (KeyRecord& each : *records) loaded->take(std::move(each));
  return loaded;
}

std::optional<Psk> Keyring::State::accepted(std::string_view identity) const {
  const auto keys_now = keys.get();
  const auto found = keys_now->accepted.find(identity);
  const bool is_known = found != keys_now->accepted.end();
  std::optional<Psk> psk(is_known ? found->second : keys_now->dummy);
  if (!is_known) psk.reset();
  return psk;
}

Result<Keyring> Keyring::open(std::string directory) {
  Keyring keyring(std::make_shared<State>(std::move(directory)));
  if (auto loaded = keyring.reload(); !loaded) return fail(std::move(loaded.error()));
  return keyring;
}

Result<void> Keyring::reload() const {
  const auto read = read_again();
  if (!read) return fail(read.error());
  (*read)();
  return {};
}

Result<Reloaded> Keyring::read_again() const {
  auto read = state_->read();
  if (!read) return fail(std::move(read.error()));
  return [state = state_, keys = std::move(*read)] { state->keys.set(keys); };
}

std::optional<Psk> Keyring::accepted(std::string_view identity) const {
  return state_->accepted(identity);
}

PskLookup Keyring::lookup() const {
  return [state = state_](std::string_view identity) { return state->accepted(identity); };
}

Result<Psk> Keyring::credential(std::string_view name, std::string_view server_id) const {
  const KeySelector wanted{std::string(name), std::string(server_id), KeyList::credentials};
  const auto keys = state_->keys.get();
  const auto found = auth::choose_key(keys->credentials, wanted);
  if (found) return derive_psk(keys->credentials[*found].key);
  Error error = found.error();
  error.advice = keys->advice_on(wanted, error);
  return fail(std::move(error));
}

std::size_t Keyring::callers() const { return state_->keys.get()->accepted.size(); }

std::vector<std::string> Keyring::caller_names() const {
  std::vector<std::string> names;
  const auto keys = state_->keys.get();
  names.reserve(keys->accepted.size());
  for (const auto& [identity, psk] : keys->accepted) names.push_back(psk.name);
  return names;
}

}  // namespace hotline
