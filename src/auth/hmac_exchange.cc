#include "auth/hmac_exchange.h"

#include <utility>

#include "auth/exchange.h"

namespace hotline::auth {

Result<void> check_hmac_caller(const HmacForm& form, Stream& call, const Secret& secret) {
  const Nonce nonce = make_nonce();
  if (auto sent = call.write_all(nonce); !sent) return sent;
  Tag answer(tag_bytes(form.digest));
  // No more than the answer: what follows it belongs to the service.
  if (auto read = call.read_exact(answer.fill()); !read) return read;
  const auto is_right = is_answer(form, secret, nonce, answer.bytes());
  if (!is_right) return fail(is_right.error());
  if (*is_right) return {};
  end_in_order(call);
  return fail(
      caller_error(ErrorKind::permission_denied, call, "its answer to the challenge is wrong"));
}

Result<void> answer_hmac(const HmacForm& form, Stream& server, const Secret& secret) {
  Nonce nonce;
  if (auto read = server.read_exact(nonce); !read) {
    return fail(
        server_wait_error(read.error(), server, "its challenge",
                          advice_without_challenge("does the server have the same auth= too?")));
  }
  const auto answer = encode_answer(form, secret, nonce);
  if (!answer) return fail(answer.error());
  return server.write_all(answer->bytes());
}

}  // namespace hotline::auth
