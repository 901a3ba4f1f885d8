#include <algorithm>
#include <stdexcept>

#include "codec/cbor.h"
#include "codec/utf8.h"

namespace vedette::codec {

class CborWriter {
 public:
  void write(const Cbor& value);
  [[nodiscard]] Bytes take() && { return std::move(out_); }

 private:
  void head(unsigned major, std::uint64_t argument);
  void key(const CborKey& key);
  void integer(std::int64_t value);
  void text(const std::string& value);
  void map(const Cbor::Map& members);

  Bytes out_;
};

void CborWriter::head(unsigned major, std::uint64_t argument) {
  const auto initial = [&](unsigned information) {
    out_.push_back(static_cast<std::uint8_t>(major << 5U | information));
  };
  if (argument < 24) return initial(static_cast<unsigned>(argument));
  unsigned octets = 1;
  unsigned information = 24;
  while (octets < 8 && argument >> (8U * octets) != 0) {
    octets *= 2;
    ++information;
  }
  initial(information);
  for (unsigned i = octets; i-- > 0;)
    out_.push_back(static_cast<std::uint8_t>(argument >> (8U * i) & 0xFFU));
}

void CborWriter::integer(std::int64_t value) {
  if (value >= 0) return head(0, static_cast<std::uint64_t>(value));
  head(1, static_cast<std::uint64_t>(-1 - value));
}

void CborWriter::text(const std::string& value) {
  if (!is_utf8(value)) throw std::logic_error("to_cbor of a text that is not UTF-8");
  head(3, value.size());
  append(out_, as_bytes(value));
}

void CborWriter::key(const CborKey& key) {
  if (const auto* number = key.if_integer(); number != nullptr) return integer(*number);
  text(*key.if_text());
}

void CborWriter::map(const Cbor::Map& members) {
  std::vector<const Cbor::Map::value_type*> sorted;
  sorted.reserve(members.size());
  for (const auto& member : members)
    sorted.push_back(&member);
  const auto key_of = [](const Cbor::Map::value_type* member) -> const CborKey& {
    return member->first;
  };
  std::ranges::sort(sorted, {}, key_of);
  if (std::ranges::adjacent_find(sorted, {}, key_of) != sorted.end())
    throw std::logic_error("to_cbor of a map with a repeated key");
  head(5, members.size());
  for (const auto* member : sorted) {
    key(member->first);
    write(member->second);
  }
}

void CborWriter::write(const Cbor& value) {
  if (value.is_null()) return out_.push_back(0xF6);
  if (const auto* flag = value.if_bool(); flag != nullptr)
    return out_.push_back(*flag ? 0xF5 : 0xF4);
  if (const auto* number = value.if_unsigned(); number != nullptr) return head(0, *number);
  if (const auto number = value.if_integer(); number.has_value()) return integer(*number);
  if (const auto* string = value.if_text(); string != nullptr) return text(*string);
  if (const auto* members = value.if_map(); members != nullptr) return map(*members);
  if (const auto* bytes = value.if_bytes(); bytes != nullptr) {
    head(2, bytes->size());
    return append(out_, *bytes);
  }
  if (const auto* elements = value.if_array(); elements != nullptr) {
    head(4, elements->size());
    for (const Cbor& element : *elements)
      write(element);
    return;
  }
  head(6, *value.if_tag());
  write(*value.content(*value.if_tag()));
}

Bytes to_cbor(const Cbor& value) {
  CborWriter writer;
  writer.write(value);
  return std::move(writer).take();
}

}  // namespace vedette::codec
