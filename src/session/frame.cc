#include "session/frame.h"

#include <algorithm>
#include <bit>
#include <iterator>
#include <limits>

#include "hotline/core/byte_order.h"

namespace hotline::session {
namespace {

constexpr std::size_t kHelloFixedBytes = 30;
constexpr std::size_t kGoodbyeFixedBytes = 6;
constexpr std::size_t kPingBytes = 8;
constexpr std::size_t kEndFixedBytes = 9;
constexpr std::size_t kCreditBytes = 5;
constexpr std::size_t kResetFixedBytes = 2;

constexpr std::uint32_t kAnyLength = std::numeric_limits<std::uint32_t>::max();

/// The limits of one type of frame.
struct FrameRow {
  FrameType type;
  bool is_on_stream;
  std::uint32_t length_min;
  std::uint32_t length_max;
};

constexpr FrameRow kFrameRows[] = {
    {FrameType::hello, false, kHelloFixedBytes + 1, kHelloBytesMax},
    {FrameType::goodbye, false, kGoodbyeFixedBytes, kGoodbyeFixedBytes + kSessionTextMax},
    {FrameType::ping, false, kPingBytes, kPingBytes},
    {FrameType::pong, false, kPingBytes, kPingBytes},
    {FrameType::open, true, kOpenPrefixBytes, kAnyLength},
    {FrameType::accept, true, 0, kAnyLength},
    {FrameType::data, true, kDataPrefixBytes + 1, kAnyLength},
    {FrameType::end, true, kEndFixedBytes, kEndFixedBytes + kTrailerMax},
    {FrameType::credit, true, kCreditBytes, kCreditBytes},
    {FrameType::reset, true, kResetFixedBytes, kResetFixedBytes + kSessionTextMax},
    {FrameType::message, true, 0, kAnyLength},
};

const FrameRow& row_of(const FrameHeader& header) {
  if (header.is_message()) return kFrameRows[std::size(kFrameRows) - 1];
  return kFrameRows[header.type - 1];
}

template <typename Number>
Number load(const std::byte* from) {
  return load_number<std::endian::big, Number>(from);
}

template <typename Number>
void append(std::string& out, Number number) {
  std::byte bytes[sizeof number];
  store_number<std::endian::big>(number, bytes);
  out.append(as_text(bytes));
}

std::string_view cut(std::string_view text) { return text.substr(0, kSessionTextMax); }

void append_header_of(std::string& out, FrameType type, SessionStreamId stream, std::size_t size) {
  append_header(out, {.length = static_cast<std::uint32_t>(size),
                      .type = static_cast<std::uint8_t>(type),
                      .stream = stream});
}

std::optional<SessionFault> fault_in(const FrameHeader& header) {
  constexpr auto kMalformed = SessionCode::malformed;
  const FrameRow& row = row_of(header);
  if (!header.is_message() && (header.flags & ~kCritical) != 0) {
    return SessionFault{kMalformed, "set a flag that its frame does not have"};
  }
  if (row.is_on_stream != (header.stream != 0)) {
    return SessionFault{kMalformed, row.is_on_stream
                                        ? "sent a frame of a stream without a stream"
                                        : "sent a frame of the connection on a stream"};
  }
  if (header.length < row.length_min || header.length > row.length_max) {
    return SessionFault{kMalformed, "sent a frame of a wrong size"};
  }
  return std::nullopt;
}

bool is_name(std::string_view text) {
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_' ||
           c == '/';
  };
  return !text.empty() && text.size() <= kProtocolNameMax && std::ranges::all_of(text, is_allowed);
}

}  // namespace

std::expected<FrameHeader, SessionFault> decode_header(std::span<const std::byte, kHeaderBytes> in,
                                                       std::uint32_t frame_max) {
  const FrameHeader header{.length = load<std::uint32_t>(in.data()),
                           .type = load<std::uint8_t>(in.data() + 4),
                           .flags = load<std::uint8_t>(in.data() + 5),
                           .stream = load<std::uint32_t>(in.data() + 8)};
  if (load<std::uint16_t>(in.data() + 6) != 0) {
    return std::unexpected(SessionFault{SessionCode::malformed, "set reserved bits of a frame"});
  }
  if (header.type == 0) {
    return std::unexpected(SessionFault{SessionCode::malformed, "sent a frame of type 0"});
  }
  if (header.length > frame_max) {
    return std::unexpected(SessionFault{SessionCode::too_large, "sent a frame over the limit"});
  }
  if (!header.is_known()) return header;
  if (const auto fault = fault_in(header)) return std::unexpected(*fault);
  return header;
}

void append_header(std::string& out, const FrameHeader& header) {
  append(out, header.length);
  append(out, header.type);
  append(out, header.flags);
  append(out, std::uint16_t{0});
  append(out, header.stream);
}

std::optional<SessionFault> fault_in(const Hello& hello) {
  const auto fault = [](std::string_view reason) {
    return SessionFault{SessionCode::malformed, reason};
  };
  if (hello.version_min == 0 || hello.version_min > hello.version_max) {
    return fault("gave a wrong range of versions");
  }
  if (hello.frame_max < kFrameMaxLeast || hello.frame_max > kFrameMaxMost) {
    return fault("gave a frame_max that is not within 1 KiB and 16 MiB");
  }
  if (hello.streams_max > kStreamsMaxMost) return fault("gave a streams_max over 65,536");
  if (hello.flow_credit > kCreditMax) return fault("gave a flow_credit over 1 GiB");
  if (hello.message_credit < hello.frame_max + kMessageCost || hello.message_credit > kCreditMax) {
    return fault("gave a message_credit that is less than a message, or over 1 GiB");
  }
  if (hello.flows_max > kSessionFlowsMax) return fault("gave a flows_max over 8");
  if (!is_name(hello.protocol)) return fault("gave a wrong name of a protocol");
  return std::nullopt;
}

std::expected<Hello, SessionFault> decode_hello(Bytes payload) {
  const auto* const at = payload.data();
  if (as_text(payload.first(kMagic.size())) != kMagic) {
    return std::unexpected(SessionFault{SessionCode::malformed, "did not send the magic bytes"});
  }
  const auto name_bytes = load<std::uint8_t>(at + 29);
  if (name_bytes > payload.size() - kHelloFixedBytes) {
    return std::unexpected(SessionFault{SessionCode::malformed, "sent a HELLO that is cut off"});
  }
  const Hello hello{.version_min = load<std::uint16_t>(at + 8),
                    .version_max = load<std::uint16_t>(at + 10),
                    .frame_max = load<std::uint32_t>(at + 12),
                    .streams_max = load<std::uint32_t>(at + 16),
                    .flow_credit = load<std::uint32_t>(at + 20),
                    .message_credit = load<std::uint32_t>(at + 24),
                    .flows_max = load<std::uint8_t>(at + 28),
                    .protocol = as_text(payload.subspan(kHelloFixedBytes, name_bytes))};
  if (const auto fault = fault_in(hello)) return std::unexpected(*fault);
  return hello;
}

void append_hello(std::string& out, const Hello& hello) {
  append_header_of(out, FrameType::hello, 0, kHelloFixedBytes + hello.protocol.size());
  out += kMagic;
  append(out, hello.version_min);
  append(out, hello.version_max);
  append(out, hello.frame_max);
  append(out, hello.streams_max);
  append(out, hello.flow_credit);
  append(out, hello.message_credit);
  append(out, hello.flows_max);
  append(out, static_cast<std::uint8_t>(hello.protocol.size()));
  out += hello.protocol;
}

std::expected<Goodbye, SessionFault> decode_goodbye(Bytes payload) {
  const Goodbye goodbye{.code = static_cast<SessionCode>(load<std::uint16_t>(payload.data())),
                        .last_stream = load<std::uint32_t>(payload.data() + 2),
                        .text = as_text(payload.subspan(kGoodbyeFixedBytes))};
  if (goodbye.code != SessionCode::drain && goodbye.last_stream != 0) {
    return std::unexpected(
        SessionFault{SessionCode::malformed, "sent a last stream with a failure"});
  }
  return goodbye;
}

void append_goodbye(std::string& out, const Goodbye& goodbye) {
  const std::string_view text = cut(goodbye.text);
  append_header_of(out, FrameType::goodbye, 0, kGoodbyeFixedBytes + text.size());
  append(out, static_cast<std::uint16_t>(goodbye.code));
  append(out, goodbye.last_stream);
  out += text;
}

std::uint64_t decode_ping(Bytes payload) { return load<std::uint64_t>(payload.data()); }

void append_ping(std::string& out, FrameType ping_or_pong, std::uint64_t value) {
  append_header_of(out, ping_or_pong, 0, kPingBytes);
  append(out, value);
}

Open decode_open(Bytes payload) {
  return {.from_opener = load<std::uint8_t>(payload.data()),
          .from_accepter = load<std::uint8_t>(payload.data() + 1),
          .request = payload.subspan(kOpenPrefixBytes)};
}

void append_open(std::string& out, SessionStreamId stream, const Open& open) {
  append_header_of(out, FrameType::open, stream, kOpenPrefixBytes + open.request.size());
  append(out, open.from_opener);
  append(out, open.from_accepter);
  out += as_text(open.request);
}

void append_frame(std::string& out, const FrameHeader& header, Bytes payload) {
  FrameHeader with_length = header;
  with_length.length = static_cast<std::uint32_t>(payload.size());
  append_header(out, with_length);
  out += as_text(payload);
}

DataPrefix decode_data_prefix(Bytes prefix) {
  return {.flow = load<std::uint8_t>(prefix.data()),
          .offset = load<std::uint64_t>(prefix.data() + 1)};
}

void append_data_prefix(std::string& out, SessionStreamId stream, const DataPrefix& prefix,
                        std::uint32_t bytes) {
  append_header_of(out, FrameType::data, stream, std::size_t{kDataPrefixBytes} + bytes);
  append(out, prefix.flow);
  append(out, prefix.offset);
}

End decode_end(Bytes payload) {
  return {.flow = load<std::uint8_t>(payload.data()),
          .total = load<std::uint64_t>(payload.data() + 1),
          .trailer = payload.subspan(kEndFixedBytes)};
}

void append_end(std::string& out, SessionStreamId stream, const End& end) {
  append_header_of(out, FrameType::end, stream, kEndFixedBytes + end.trailer.size());
  append(out, end.flow);
  append(out, end.total);
  out += as_text(end.trailer);
}

Credit decode_credit(Bytes payload) {
  return {.flow = load<std::uint8_t>(payload.data()),
          .bytes = load<std::uint32_t>(payload.data() + 1)};
}

void append_credit(std::string& out, SessionStreamId stream, const Credit& credit) {
  append_header_of(out, FrameType::credit, stream, kCreditBytes);
  append(out, credit.flow);
  append(out, credit.bytes);
}

Reset decode_reset(Bytes payload) {
  return {.code = static_cast<ResetCode>(load<std::uint16_t>(payload.data())),
          .text = as_text(payload.subspan(kResetFixedBytes))};
}

void append_reset(std::string& out, SessionStreamId stream, const Reset& reset) {
  const std::string_view text = cut(reset.text);
  append_header_of(out, FrameType::reset, stream, kResetFixedBytes + text.size());
  append(out, static_cast<std::uint16_t>(reset.code));
  out += text;
}

}  // namespace hotline::session
