#include "services/zone_file.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "hotline/core/ascii.h"

namespace hotline::services {
namespace {

constexpr std::string_view kMagic = "TZif";
constexpr std::size_t kTypeBytes = 6;

// RFC 8536, 3.2: no zone has had more.
constexpr std::int32_t kOffsetMax = 26 * 60 * 60;

std::unexpected<Error> refuse_zone(std::string detail, std::string advice = {}) {
  return fail(make_error(ErrorKind::invalid_argument, "read the time zone", {}, std::move(detail),
                         std::move(advice)));
}

/// The bytes of a file, taken from the front. After a failure it is empty and has failed.
class ZoneReader {
 public:
  explicit ZoneReader(Bytes bytes) : rest_(bytes) {}

  Bytes take(std::size_t size) {
    has_failed_ |= size > rest_.size();
    if (has_failed_) return {};
    const Bytes taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }

  /// Returns a number of `size` bytes, the most significant first; 0 after a failure.
  std::uint64_t take_number(std::size_t size) {
    std::uint64_t number = 0;
    for (const std::byte each : take(size)) {
      number = number << 8 | std::to_integer<std::uint64_t>(each);
    }
    return number;
  }

  std::int64_t take_time(std::size_t size) {
    const std::uint64_t number = take_number(size);
    return size == 4 ? static_cast<std::int32_t>(number) : static_cast<std::int64_t>(number);
  }

  Bytes rest() const { return rest_; }
  bool has_failed() const { return has_failed_; }

 private:
  Bytes rest_;
  bool has_failed_ = false;
};

/// The header of a block, and what follows from it.
struct ZoneHeader {
  static ZoneHeader take_from(ZoneReader& reader) {
    ZoneHeader header;
    header.is_zone_file = as_text(reader.take(kMagic.size())) == kMagic;
    header.version = reader.take_number(1);
    reader.take(15);
    for (std::size_t* count : {&header.utc_flags, &header.standard_flags, &header.leap_seconds,
                               &header.changes, &header.types, &header.name_bytes}) {
      *count = reader.take_number(4);
    }
    return header;
  }

  std::size_t block_bytes(std::size_t time_bytes) const {
    return changes * (time_bytes + 1) + types * kTypeBytes + name_bytes +
           leap_seconds * (time_bytes + 4) + standard_flags + utc_flags;
  }

  bool is_zone_file = false;
  std::uint64_t version = 0;
  std::size_t utc_flags = 0;
  std::size_t standard_flags = 0;
  std::size_t leap_seconds = 0;
  std::size_t changes = 0;
  std::size_t types = 0;
  std::size_t name_bytes = 0;
};

/// Returns the text from `index` to its zero; empty if there is none, or if it is not a name.
std::string_view name_at(Bytes names, std::size_t index) {
  const std::string_view text = as_text(names);
  const std::size_t end = text.find('\0', index);
  if (end == text.npos) return {};
  const std::string_view name = text.substr(index, end - index);
  const auto belongs = [](char c) { return is_ascii_alphanumeric(c) || c == '+' || c == '-'; };
  return std::ranges::all_of(name, belongs) ? name : std::string_view();
}

Result<std::vector<LocalTimeType>> decode_types(Bytes records, Bytes names) {
  std::vector<LocalTimeType> types;
  ZoneReader reader(records);
  while (!reader.rest().empty()) {
    LocalTimeType type;
    type.offset_s = static_cast<std::int32_t>(reader.take_number(4));
    type.is_summer_time = reader.take_number(1) != 0;
    type.abbreviation = name_at(names, reader.take_number(1));
    if (type.abbreviation.empty()) return refuse_zone("a time in it has no name");
    if (type.offset_s < -kOffsetMax || type.offset_s > kOffsetMax) {
      return refuse_zone("a time in it is more than 26 hours from UTC");
    }
    types.push_back(std::move(type));
  }
  return types;
}

Result<ZoneTable> decode_block(ZoneReader& reader, const ZoneHeader& header,
                               std::size_t time_bytes) {
  if (header.types == 0) return refuse_zone("it has no local time");
  if (header.leap_seconds != 0) {
    return refuse_zone("it counts leap seconds, and the system's clock does not",
                       "leave 'right/' out of the name");
  }
  ZoneTable table;
  ZoneReader times(reader.take(header.changes * time_bytes));
  while (!times.rest().empty()) table.changes.push_back(times.take_time(time_bytes));
  for (const std::byte each : reader.take(header.changes)) {
    table.types_after.push_back(std::to_integer<std::uint8_t>(each));
  }
  const Bytes records = reader.take(header.types * kTypeBytes);
  const Bytes names = reader.take(header.name_bytes);
  reader.take(header.standard_flags + header.utc_flags);
  if (reader.has_failed()) return refuse_zone("it ends too early");
  auto types = decode_types(records, names);
  if (!types) return fail(std::move(types.error()));
  table.types = std::move(*types);
  if (!std::ranges::is_sorted(table.changes)) return refuse_zone("its times are out of order");
  for (const std::uint8_t index : table.types_after) {
    if (index >= table.types.size()) return refuse_zone("it refers to a time that it lacks");
  }
  return table;
}

/// Takes the rule between two newlines, which may be empty.
Result<std::optional<ZoneRule>> decode_footer(Bytes bytes) {
  const std::string_view text = as_text(bytes);
  const std::size_t end = text.find('\n', 1);
  if (!text.starts_with('\n') || end == text.npos) return refuse_zone("it ends too early");
  const std::string_view rule = text.substr(1, end - 1);
  if (rule.empty()) return std::nullopt;
  auto parsed = ZoneRule::parse(rule);
  if (!parsed) return refuse_zone("the rule at its end is malformed");
  return parsed;
}

}  // namespace

const LocalTimeType& ZoneTable::at(std::int64_t time) const {
  const auto next = std::ranges::upper_bound(changes, time);
  if (next == changes.end() && rule) return rule->at(time);
  if (next == changes.begin()) return types.front();
  return types[types_after[static_cast<std::size_t>(next - changes.begin()) - 1]];
}

Result<ZoneTable> decode_zone_file(Bytes file) {
  if (file.size() > kZoneFileBytesMax) return refuse_zone("it is too long");
  ZoneReader reader(file);
  ZoneHeader header = ZoneHeader::take_from(reader);
  if (!header.is_zone_file) return refuse_zone("it is not a file of the time zone database");
  if (header.version == 0) return decode_block(reader, header, 4);
  // Later versions begin with the block of the first, for old programs.
  reader.take(header.block_bytes(4));
  header = ZoneHeader::take_from(reader);
  if (!header.is_zone_file) return refuse_zone("it ends too early");
  auto table = decode_block(reader, header, 8);
  if (!table) return table;
  auto rule = decode_footer(reader.rest());
  if (!rule) return fail(std::move(rule.error()));
  table->rule = std::move(*rule);
  return table;
}

}  // namespace hotline::services
