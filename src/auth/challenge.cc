#include "hotline/auth/challenge.h"

#include <string>
#include <utility>

#include "auth/hmac_exchange.h"
#include "auth/mp_exchange.h"
#include "hotline/core/rows.h"
#include "hotline/engine/private_file.h"
#include "hotline/net/option_taker.h"

namespace hotline {
namespace {

using auth::Digest;
using Scheme = Challenge::Scheme;

/// One scheme. A new scheme is an enumerator and a row.
struct ChallengeRow {
  Scheme kind;
  Choice choice;
  Digest digest;  ///< Must be available.
  Result<void> (*check_caller)(Stream& call, const Secret& secret);
  Result<void> (*answer)(Stream& server, const Secret& secret);
};

constexpr ChallengeRow kSchemes[] = {
    {.kind = Scheme::hmac_md5,
     .choice = {.name = "hmac-md5",
                .form = "hmac-md5",
                .summary = "the caller answers 32 random bytes with their HMAC-MD5"},
     .digest = Digest::md5,
     .check_caller =
         [](Stream& call, const Secret& secret) {
           return auth::check_hmac_caller(auth::kHmacMd5, call, secret);
         },
     .answer =
         [](Stream& server, const Secret& secret) {
           return auth::answer_hmac(auth::kHmacMd5, server, secret);
         }},
    {.kind = Scheme::hmac_sha256,
     .choice = {.name = "hmac-sha256",
                .form = "hmac-sha256",
                .summary = "the same with HMAC-SHA256 and a label"},
     .digest = Digest::sha256,
     .check_caller =
         [](Stream& call, const Secret& secret) {
           return auth::check_hmac_caller(auth::kHmacSha256, call, secret);
         },
     .answer =
         [](Stream& server, const Secret& secret) {
           return auth::answer_hmac(auth::kHmacSha256, server, secret);
         }},
    {.kind = Scheme::mp,
     .choice = {.name = "mp",
                .form = "mp",
                .summary = "the mutual handshake of Python's multiprocessing.connection (3.12+)"},
     .digest = Digest::sha256,
     .check_caller = auth::check_mp_caller,
     .answer = auth::answer_mp},
};
static_assert(is_in_order(kSchemes, &ChallengeRow::kind), "a scheme is found by its number");

constexpr auto kChoices = choices_of(kSchemes);

const ChallengeRow& row_of(Scheme scheme) { return kSchemes[static_cast<std::size_t>(scheme)]; }

constexpr char kMakeSecret[] =
    "check the path; this makes a secret: (umask 077; head -c 32 /dev/urandom | base64 > FILE)";

Bytes without_newline(Bytes bytes) {
  return as_text(bytes).ends_with('\n') ? bytes.first(bytes.size() - 1) : bytes;
}

/// The file is a part of the endpoint: one that cannot be used is a mistake of the caller.
Error secret_error(Error error) {
  if (error.kind == ErrorKind::resource_exhausted) return error;
  if (error.kind == ErrorKind::not_found) error.advice = kMakeSecret;
  if (error.advice.empty()) error.advice = error.hint();
  if (error.detail.empty()) error.detail = make_error(error.kind, {}, {}, {}).message();
  error.kind = ErrorKind::invalid_argument;
  return error;
}

Result<Secret> read_secret(const OptionTaker& taker, const std::string& path) {
  auto file = read_private_file(path, Challenge::kSecretBytesMax);
  if (!file) return fail(secret_error(std::move(file.error())));
  Secret secret(without_newline(file->bytes()));
  if (!secret.empty()) return secret;
  return fail(taker.refuse("the secret in " + escape(as_bytes(path)) + " is empty",
                           "write a secret into it: head -c 32 /dev/urandom | base64"));
}

Result<Scheme> find_scheme(const OptionTaker& taker, const std::string& name) {
  if (const ChallengeRow* row = find_row(kSchemes, name)) return row->kind;
  return fail(taker.refuse("there is no authentication '" + escape(as_bytes(name)) + "'",
                           "the authentications are " + list_forms(kChoices)));
}

Result<Challenge> make_challenge(const OptionTaker& taker, const std::string& name,
                                 const std::string& path) {
  const auto scheme = find_scheme(taker, name);
  if (!scheme) return fail(scheme.error());
  auto secret = read_secret(taker, path);
  if (!secret) return fail(std::move(secret.error()));
  // Also prepares OpenSSL here, because it needs much stack the first time, and a fiber has little.
  if (auto tried = auth::hmac(row_of(*scheme).digest, *secret, {}); !tried) {
    return fail(std::move(tried.error()));
  }
  return Challenge{*scheme, std::move(*secret)};
}

}  // namespace

Result<std::optional<Challenge>> Challenge::take_from(OptionTaker& taker) {
  const auto name = taker.take("auth");
  if (!name) return fail(name.error());
  const auto path = taker.take("secret-file");
  if (!path) return fail(path.error());
  if (!*name && !*path) return std::nullopt;
  if (!*name) {
    return fail(taker.refuse("the option 'secret-file' is for an authentication, and there is none",
                             "say which, as in auth=hmac-sha256"));
  }
  if (!*path) {
    // An unknown name is the first thing to correct.
    if (const auto scheme = find_scheme(taker, **name); !scheme) return fail(scheme.error());
    return fail(taker.refuse("the option 'auth' needs a secret", "add secret-file=PATH"));
  }
  auto challenge = make_challenge(taker, **name, **path);
  if (!challenge) return fail(std::move(challenge.error()));
  return std::move(*challenge);
}

Result<void> Challenge::check_caller(Stream& call) const {
  return row_of(scheme).check_caller(call, secret);
}

Result<void> Challenge::answer(Stream& server) const {
  return row_of(scheme).answer(server, secret);
}

std::string_view name_of(Challenge::Scheme scheme) { return row_of(scheme).choice.name; }

std::span<const Choice> challenge_names() { return kChoices; }

}  // namespace hotline
