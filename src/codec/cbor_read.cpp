// One pass by recursion, which max_depth bounds.
#include <algorithm>
#include <limits>

#include "codec/cbor.h"
#include "codec/reader.h"
#include "codec/utf8.h"

namespace vedette::codec {
namespace {

constexpr std::size_t kDeepest = 16;

// RFC 8949, 3.1.
enum class Major : std::uint8_t { positive, negative, bytes, text, array, map, tag, simple };

constexpr std::uint8_t kFalse = 20;
constexpr std::uint8_t kTrue = 21;
constexpr std::uint8_t kNull = 22;
constexpr std::uint8_t kOneOctet = 24;
constexpr std::uint8_t kHalfFloat = 25;
constexpr std::uint8_t kDoubleFloat = 27;
constexpr std::uint8_t kIndefinite = 31;

// The head of a data item.
struct Head {
  Major major = Major::simple;
  std::uint8_t information = 0;
  std::uint64_t argument = 0;
};

class Parser {
 public:
  Parser(ByteView bytes, const CborOptions& options)
      : reader_(bytes, "CBOR-SYNTAX", "not well-formed CBOR"), options_(options) {}

  Result<Cbor> document() {
    VEDETTE_TRY(Cbor value, item(0));
    VEDETTE_CHECK(reader_.finish());
    return value;
  }

 private:
  [[nodiscard]] std::unexpected<Error> refuse_here(std::string_view code,
                                                   std::string message) const {
    return refuse(code, std::move(message), "before octet " + std::to_string(reader_.offset()));
  }

  Result<void> count(std::uint64_t items);
  Result<Head> head();
  Result<std::uint64_t> argument(std::uint8_t information);
  Result<Cbor> item(std::size_t depth);
  Result<Cbor> simple(std::uint8_t information) const;
  Result<Cbor> enclosed(const Head& head, std::size_t depth);
  Result<Cbor> array(std::uint64_t size, std::size_t depth);
  Result<Cbor> map(std::uint64_t size, std::size_t depth);
  Result<std::string> text(std::uint64_t size);
  Result<CborKey> key();
  [[nodiscard]] Result<void> check_keys(const Cbor::Map& members) const;

  ByteReader reader_;
  CborOptions options_;
  std::size_t items_ = 0;
};

Result<void> Parser::count(std::uint64_t items) {
  if (items > options_.max_items - std::min(items_, options_.max_items))
    return refuse_here("CBOR-SIZE", "the CBOR has too many items");
  items_ += static_cast<std::size_t>(items);
  return {};
}

Result<std::uint64_t> Parser::argument(std::uint8_t information) {
  if (information < kOneOctet) return std::uint64_t{information};
  if (information > kDoubleFloat)
    return reader_.refuse_field("additional information", "it is reserved");
  std::uint64_t value = 0;
  std::uint64_t smallest = kOneOctet;
  if (information == kOneOctet) {
    VEDETTE_TRY(value, reader_.u8("argument"));
  } else if (information == kHalfFloat) {
    VEDETTE_TRY(value, reader_.u16("argument"));
    smallest = std::uint64_t{1} << 8U;
  } else if (information == kDoubleFloat) {
    VEDETTE_TRY(value, reader_.u64("argument"));
    smallest = std::uint64_t{1} << 32U;
  } else {
    VEDETTE_TRY(value, reader_.u32("argument"));
    smallest = std::uint64_t{1} << 16U;
  }
  if (value < smallest)
    return refuse_here("CBOR-SHORTEST", "a CBOR item takes more octets than it needs");
  return value;
}

Result<Head> Parser::head() {
  VEDETTE_CHECK(count(1));
  VEDETTE_TRY(const std::uint8_t first, reader_.u8("initial octet"));
  Head result{.major = static_cast<Major>(first >> 5U),
              .information = static_cast<std::uint8_t>(first & 0x1FU)};
  if (result.major == Major::simple) return result;
  if (result.information == kIndefinite && result.major != Major::positive &&
      result.major != Major::negative && result.major != Major::tag)
    return refuse_here("CBOR-LENGTH", "a CBOR item does not tell its length");
  VEDETTE_TRY(result.argument, argument(result.information));
  return result;
}

Result<Cbor> Parser::simple(std::uint8_t information) const {
  if (information == kFalse || information == kTrue) return Cbor(information == kTrue);
  if (information == kNull) return Cbor();
  if (information >= kHalfFloat && information <= kDoubleFloat)
    return refuse_here("CBOR-FLOAT", "the CBOR has a floating-point number");
  if (information == kIndefinite)
    return reader_.refuse_field("break", "no item of indefinite length is open");
  if (information > kDoubleFloat)
    return reader_.refuse_field("additional information", "it is reserved");
  return refuse_here("CBOR-SIMPLE", "the CBOR has a simple value other than false, true and null");
}

Result<std::string> Parser::text(std::uint64_t size) {
  if (size > reader_.remaining())
    return reader_.refuse_field("text", "it is longer than what is left");
  VEDETTE_TRY(const ByteView octets, reader_.take("text", static_cast<std::size_t>(size)));
  if (!is_utf8(as_text(octets))) return refuse_here("CBOR-TEXT", "a CBOR text is not UTF-8");
  return std::string(as_text(octets));
}

Result<Cbor> Parser::item(std::size_t depth) {
  VEDETTE_TRY(const Head head, this->head());
  switch (head.major) {
    case Major::positive:
      return Cbor(head.argument);
    case Major::negative:
      if (head.argument > std::uint64_t{std::numeric_limits<std::int64_t>::max()})
        return refuse_here("CBOR-NUMBER", "a CBOR integer is below -2^63");
      return Cbor(-1 - static_cast<std::int64_t>(head.argument));
    case Major::bytes: {
      if (head.argument > reader_.remaining())
        return reader_.refuse_field("byte string", "it is longer than what is left");
      VEDETTE_TRY(const ByteView octets,
                  reader_.take("byte string", static_cast<std::size_t>(head.argument)));
      return Cbor(octets);
    }
    case Major::text: {
      VEDETTE_TRY(std::string value, text(head.argument));
      return Cbor(std::move(value));
    }
    case Major::simple:
      return simple(head.information);
    case Major::array:
    case Major::map:
    case Major::tag:
      break;
  }
  return enclosed(head, depth);
}

Result<Cbor> Parser::enclosed(const Head& head, std::size_t depth) {
  const std::size_t deepest = std::min(options_.max_depth, kDeepest);
  if (depth >= deepest) return refuse_here("CBOR-DEPTH", "the CBOR is nested too deeply");
  if (head.major == Major::array) return array(head.argument, depth + 1);
  if (head.major == Major::map) return map(head.argument, depth + 1);
  VEDETTE_TRY(Cbor content, item(depth + 1));
  return Cbor::tagged(head.argument, std::move(content));
}

// Space is taken as items come, never for as many as are announced.
Result<Cbor> Parser::array(std::uint64_t size, std::size_t depth) {
  if (size > reader_.remaining())
    return reader_.refuse_field("array", "it has more items than octets are left");
  Cbor::Array elements;
  for (std::uint64_t i = 0; i < size; ++i) {
    VEDETTE_TRY(Cbor element, item(depth));
    elements.push_back(std::move(element));
  }
  return Cbor(std::move(elements));
}

Result<CborKey> Parser::key() {
  VEDETTE_TRY(const Head head, this->head());
  if (head.major == Major::text) {
    VEDETTE_TRY(std::string value, text(head.argument));
    return CborKey(std::move(value));
  }
  if ((head.major != Major::positive && head.major != Major::negative) ||
      head.argument > std::uint64_t{std::numeric_limits<std::int64_t>::max()})
    return refuse_here("CBOR-KEY", "a key of a CBOR map is neither text nor a small integer");
  const auto value = static_cast<std::int64_t>(head.argument);
  return CborKey(head.major == Major::positive ? value : -1 - value);
}

Result<Cbor> Parser::map(std::uint64_t size, std::size_t depth) {
  if (size > reader_.remaining() / 2)
    return reader_.refuse_field("map", "it has more members than octets are left");
  Cbor::Map members;
  for (std::uint64_t i = 0; i < size; ++i) {
    VEDETTE_TRY(CborKey name, key());
    VEDETTE_TRY(Cbor value, item(depth));
    members.emplace_back(std::move(name), std::move(value));
  }
  VEDETTE_CHECK(check_keys(members));
  return Cbor(std::move(members));
}

// Sorting is bounded by n log n whatever keys an attacker chooses.
Result<void> Parser::check_keys(const Cbor::Map& members) const {
  std::vector<const CborKey*> keys;
  keys.reserve(members.size());
  for (const auto& member : members)
    keys.push_back(&member.first);
  const auto key_of = [](const CborKey* key) -> const CborKey& { return *key; };
  const bool ordered = std::ranges::is_sorted(keys, {}, key_of);
  std::ranges::sort(keys, {}, key_of);
  if (const auto repeated = std::ranges::adjacent_find(keys, {}, key_of); repeated != keys.end())
    return refuse("CBOR-DUPLICATE", "a CBOR map has two members of one key", (*repeated)->name());
  if (options_.ordered_keys && !ordered)
    return refuse_here("CBOR-ORDER", "the keys of a CBOR map are not in their order");
  return {};
}

}  // namespace

Result<Cbor> parse_cbor(ByteView bytes, const CborOptions& options) {
  if (bytes.size() > options.max_bytes)
    return refuse("CBOR-SIZE", "the CBOR is too long",
                  std::to_string(bytes.size()) + " octets, at most " +
                      std::to_string(options.max_bytes) + " are allowed");
  return Parser(bytes, options).document();
}

}  // namespace vedette::codec
