#pragma once

#include <concepts>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "hotline/core/bytes.h"
#include "hotline/core/public.h"
#include "hotline/server/message.h"

// Outside of what is exported.
namespace hotline::server {
class ReplyBatch;
}  // namespace hotline::server

namespace hotline HOTLINE_PUBLIC {

/// A string literal, or another constant array of characters: only those compile.
class ConstantText {
 public:
  template <std::size_t kSize>
  consteval ConstantText(const char (&text)[kSize]) : text_(text, kSize - 1) {
    // This expression makes the constructor fail to compile unless the array is constant.
    if (text[kSize - 1] != '\0') throw "a constant reply ends in a zero";
  }

  std::string_view text() const { return text_; }

 private:
  std::string_view text_;
};

/// What a message handler returns: nothing, text that the reply owns, a constant, or bytes of the
/// message itself. then_close() also ends the call. A reply is sent after the handler has returned,
/// so it cannot refer to any other memory.
class Reply {
 public:
  /// No reply.
  Reply() = default;

  /// The reply owns `text`; an empty one is an empty message.
  Reply(std::string text) : bytes_(std::move(text)) {}

  /// Copies `text`.
  Reply(std::string_view text) : Reply(std::string(text)) {}
  Reply(const char* text) : Reply(std::string(text)) {}

  /// Deleted: a view of bytes could be reused or freed before it is sent. Use in_place(),
  /// constant(), or a std::string instead.
  template <typename View>
  requires std::convertible_to<View, Bytes> Reply(View&&)
  = delete;
  Reply(std::nullptr_t) = delete;

  /// Returns a reply with the bytes of `message` as the handler has left them, without a copy.
  static Reply in_place(const Message& message) { return Reply(InPlace{message.bytes()}); }

  /// Same as above, with only `part` of the bytes; throws std::invalid_argument if `part` is not
  /// within them.
  static Reply in_place(const Message& message, Bytes part) {
    if (!lies_within(part, message.bytes())) {
      throw std::invalid_argument("a reply in place must be a part of its message");
    }
    return Reply(InPlace{part});
  }

  /// Returns a reply with a string literal, without a copy.
  static Reply constant(ConstantText text) { return Reply(text); }

  /// Returns an empty reply that ends the call: see then_close().
  static Reply close() { return Reply().then_close(); }

  /// Returns the same reply, which ends the framed call in good order: the peer receives all
  /// replies so far and then the end of the stream, and later messages that it has sent are
  /// dropped. It has no effect on datagrams, where there is no call.
  Reply then_close() && {
    ends_call_ = true;
    return std::move(*this);
  }

  /// Returns the same reply, which the server counts as one that reports an error to its caller:
  /// Counters::error_replies.
  Reply as_error() && {
    is_error_ = true;
    return std::move(*this);
  }

  bool is_error() const { return is_error_; }

  /// Returns true if the call ends after it.
  bool ends_call() const { return ends_call_; }

  bool has_value() const { return !std::holds_alternative<std::monostate>(bytes_); }

  /// Returns true if the bytes are those of the message, and valid only as long as the message.
  bool is_in_place() const { return std::holds_alternative<InPlace>(bytes_); }

  /// Returns false if the reply consists of the bytes of another message than `message`. A handler
  /// that returns such a reply has failed, and nothing is sent.
  bool is_for(const Message& message) const {
    return !is_in_place() || lies_within(bytes(), message.bytes());
  }

  /// Empty without a value.
  Bytes bytes() const {
    if (const InPlace* part = std::get_if<InPlace>(&bytes_)) return part->bytes;
    if (const std::string* own = std::get_if<std::string>(&bytes_)) return as_bytes(*own);
    const ConstantText* constant = std::get_if<ConstantText>(&bytes_);
    return constant == nullptr ? Bytes() : as_bytes(constant->text());
  }

 private:
  friend class server::ReplyBatch;

  struct InPlace {
    Bytes bytes;
  };

  explicit Reply(InPlace part) : bytes_(part) {}
  explicit Reply(ConstantText text) : bytes_(text) {}

  std::variant<std::monostate, InPlace, ConstantText, std::string> bytes_;
  bool ends_call_ = false;
  bool is_error_ = false;
};

}  // namespace hotline
