#include "hotline/framing/framing.h"

#include <algorithm>
#include <utility>

#include "framing/formats.h"
#include "framing/wire_format.h"
#include "hotline/core/bytes.h"
#include "hotline/net/socket_options.h"

namespace hotline {
namespace {

using framing::Format;
using framing::Refusal;

// The largest value of `max`. Memory is taken only as a message arrives.
constexpr std::size_t kFrameMaxMax = framing::kU32LengthMax;

std::expected<Framing, Refusal> parse_text(std::string_view text) {
  const std::size_t equals = std::min(text.find('='), text.size());
  const bool has_value = equals < text.size();
  const std::string_view value = has_value ? text.substr(equals + 1) : std::string_view();
  const auto formats = framing::formats();
  const auto format = std::ranges::find(formats, text.substr(0, equals),
                                        [](const Format& each) { return each.choice.name; });
  if (format == formats.end()) {
    return std::unexpected(
        Refusal{"there is no such framing", "the framings are " + list_forms(framing_names())});
  }
  Framing framing{.kind = format->kind};
  std::expected<void, Refusal> taken;
  if (format->take_value != nullptr) {
    taken = format->take_value(framing, value);
  } else if (has_value) {
    taken = std::unexpected(
        Refusal{"nothing may follow its name", "write it as " + std::string(format->choice.name)});
  }
  if (!taken) return std::unexpected(std::move(taken.error()));
  return framing;
}

}  // namespace

Result<Framing> Framing::parse(std::string_view text) {
  auto framing = parse_text(text);
  if (framing) return *std::move(framing);
  return fail(make_error(ErrorKind::invalid_argument, "understand the framing",
                         "'" + escape(as_bytes(text)) + "'", std::move(framing.error().detail),
                         std::move(framing.error().advice)));
}

Result<Framing> Framing::take_from(OptionTaker& taker) {
  const auto text = taker.take("framing");
  if (!text) return fail(text.error());
  const auto frame_max = taker.take_number("max", 1, kFrameMaxMax);
  if (!frame_max) return fail(frame_max.error());
  auto framing = parse_text(text->value_or("raw"));
  if (!framing) {
    return fail(taker.refuse("the framing '" + escape(as_bytes(text->value_or(""))) +
                                 "' is not valid: " + framing.error().detail,
                             std::move(framing.error().advice)));
  }
  if (*frame_max && !framing->has_boundaries()) {
    return fail(taker.refuse("the option 'max' is for messages, and there are none without framing",
                             "give a framing too, as in ?framing=lines&max=1MiB"));
  }
  framing->frame_max = frame_max->value_or(framing->frame_max);
  if (framing->fixed_bytes > framing->frame_max) {
    return fail(taker.refuse("the framing's fixed length is over the limit of " +
                                 std::to_string(framing->frame_max) + " bytes",
                             "raise it with max=" + std::to_string(framing->fixed_bytes)));
  }
  return *std::move(framing);
}

std::string Framing::to_string() const {
  const Format& format = framing::format_of(kind);
  std::string text(format.choice.name);
  if (format.value_of != nullptr) text.append("=").append(format.value_of(*this));
  return text;
}

bool Framing::has_boundaries() const { return framing::format_of(kind).has_boundaries; }

bool Framing::can_pipeline() const { return framing::format_of(kind).answer.empty(); }

}  // namespace hotline
