#include "auth/mp_exchange.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "auth/exchange.h"
#include "auth/mp_message.h"

namespace hotline::auth {
namespace {

/// The detail of a refused message.
std::string its_message(MpRefusal refusal) { return "its message " + std::string(refusal); }

/// Returns an error without an endpoint for a message that is refused.
std::unexpected<Error> malformed(MpRefusal refusal) {
  return fail(make_error(ErrorKind::protocol_violation, {}, {}, its_message(refusal)));
}

std::unexpected<Error> wrong(std::string detail) {
  return fail(make_error(ErrorKind::permission_denied, {}, {}, std::move(detail)));
}

bool is_refusal(const Error& error) {
  return error.kind == ErrorKind::protocol_violation || error.kind == ErrorKind::permission_denied;
}

Result<MpMessage> read_message(Stream& peer) {
  std::array<std::byte, kMpLengthBytes> field;
  if (auto read = peer.read_exact(field); !read) return fail(read.error());
  const auto size = decode_mp_length(field);
  if (!size) return malformed(size.error());
  MpMessage message;
  if (auto read = peer.read_exact(message.resize(*size)); !read) return fail(read.error());
  return message;
}

/// Returns whether the peer knows the secret, as its answer to `own` shows.
Result<void> check_answer(Stream& peer, const Secret& secret, const MpMessage& own) {
  const auto message = read_message(peer);
  if (!message) return fail(message.error());
  const auto answer = decode_mp_answer(message->bytes());
  if (!answer) return malformed(answer.error());
  const auto is_right = is_mp_answer(secret, decode_mp_challenge(own.bytes()).value(), *answer);
  if (!is_right) return fail(is_right.error());
  if (!*is_right) return wrong("its answer to the challenge is wrong");
  return {};
}

Result<void> challenge_peer(Stream& peer, const Secret& secret, const MpMessage& own) {
  if (auto sent = peer.write_all(own.on_wire()); !sent) return sent;
  auto checked = check_answer(peer, secret, own);
  if (checked) return peer.write_all(encode_mp_verdict(true).on_wire());
  if (is_refusal(checked.error())) {
    discard(peer.write_all(encode_mp_verdict(false).on_wire()));
  }
  return checked;
}

/// `own` is the challenge that the peer has answered before; empty if it has answered none.
Result<void> answer_challenge(Stream& peer, const Secret& secret, Bytes own) {
  const auto message = read_message(peer);
  if (!message) return fail(message.error());
  const auto challenge = decode_mp_challenge(message->bytes());
  if (!challenge) return malformed(challenge.error());
  if (std::ranges::equal(message->bytes(), own)) {
    return malformed("is the challenge that it was sent");
  }
  const auto answer = encode_mp_answer(secret, *challenge);
  if (!answer) return fail(answer.error());
  return peer.write_all(answer->on_wire());
}

/// Returns whether the peer accepts our answer.
Result<void> take_verdict(Stream& peer) {
  const auto verdict = read_message(peer);
  if (!verdict) return fail(verdict.error());
  const auto is_welcome = decode_mp_verdict(verdict->bytes());
  if (!is_welcome) return malformed(is_welcome.error());
  if (!*is_welcome) return wrong("it refuses our answer to its challenge");
  return {};
}

/// What the client says of a failure while it waits for `awaited`.
std::unexpected<Error> client_failure(const Error& error, const Stream& server,
                                      std::string_view awaited, std::string_view advice) {
  if (error.kind == ErrorKind::permission_denied) {
    return fail(server_error(error.kind, server, error.detail));
  }
  if (error.kind == ErrorKind::protocol_violation) {
    return fail(server_error(error.kind, server, error.detail,
                             "does the server have auth=mp, or is it Python 3.12 or later?"));
  }
  return fail(server_wait_error(error, server, awaited, advice));
}

}  // namespace

Result<void> check_mp_caller(Stream& call, const Secret& secret) {
  const MpMessage own = encode_mp_challenge(Digest::sha256);
  auto checked = challenge_peer(call, secret, own);
  if (checked) checked = answer_challenge(call, secret, own.bytes());
  if (checked) checked = take_verdict(call);
  if (checked || !is_refusal(checked.error())) return checked;
  end_in_order(call);
  return fail(caller_error(checked.error().kind, call, std::move(checked.error().detail)));
}

Result<void> answer_mp(Stream& server, const Secret& secret) {
  if (auto answered = answer_challenge(server, secret, {}); !answered) {
    return client_failure(answered.error(), server, "its challenge",
                          advice_without_challenge("does the server have auth=mp too?"));
  }
  if (auto accepted = take_verdict(server); !accepted) {
    return client_failure(accepted.error(), server, "its verdict on our answer", kSameSecret);
  }
  const MpMessage own = encode_mp_challenge(Digest::sha256);
  if (auto checked = challenge_peer(server, secret, own); !checked) {
    return client_failure(checked.error(), server, "its answer to our challenge", kSameSecret);
  }
  return {};
}

}  // namespace hotline::auth
