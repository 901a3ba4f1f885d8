#include "attestation/event_log/device_path.h"

#include "attestation/event_log/efi_text.h"
#include "attestation/measurement/little_endian.h"

namespace vedette::attestation {
namespace {

using codec::ByteReader;

constexpr std::size_t kMaxNodes = 64;
constexpr std::size_t kNodeHeader = 4;
constexpr std::size_t kImagePlaceOctets = 24;  // location, length and link address

// EFI_DEVICE_PATH_PROTOCOL (UEFI Specification, 10.3).
struct Node {
  std::uint8_t type = 0;
  std::uint8_t subtype = 0;
  ByteView data;

  [[nodiscard]] bool is(std::uint8_t a_type, std::uint8_t a_subtype) const {
    return type == a_type && subtype == a_subtype;
  }
};

Result<Node> read_node(ByteReader& reader) {
  Node node;
  VEDETTE_TRY(node.type, reader.u8("Type"));
  VEDETTE_TRY(node.subtype, reader.u8("SubType"));
  VEDETTE_TRY(const std::uint16_t length, read_u16_le(reader, "Length"));
  if (length < kNodeHeader) return reader.refuse_field("Length", "less than the node's header");
  VEDETTE_TRY(node.data, reader.take("node", length - kNodeHeader));
  return node;
}

void add_words(const Node& node, std::string& words) {
  if (node.is(4, 4)) words += utf16_text(node.data).value_or("");             // file path
  if (node.is(4, 6) && node.data.size() == 16) words = guid_text(node.data);  // file in firmware
  if (node.is(4, 8)) words = "PCI option ROM";                                // offset range
}

Result<std::string> path_words(ByteReader& reader) {
  std::string words;
  for (std::size_t i = 0; i < kMaxNodes && reader.remaining() != 0; ++i) {
    VEDETTE_TRY(const Node node, read_node(reader));
    if (node.type == 0x7F) break;
    add_words(node, words);
  }
  return words;
}

Result<std::string> read_image_path(ByteView image_load_event) {
  ByteReader reader(image_load_event, "ATT-LOG-SYNTAX", "an image's description is malformed");
  VEDETTE_TRY([[maybe_unused]] const ByteView where,
              reader.take("ImageLocation", kImagePlaceOctets));
  VEDETTE_TRY(const std::uint64_t length, read_u64_le(reader, "LengthOfDevicePath"));
  VEDETTE_TRY(const ByteView path, reader.take("DevicePath", length));
  ByteReader nodes(path, "ATT-LOG-SYNTAX", "a device path is malformed");
  return path_words(nodes);
}

}  // namespace

std::string image_path(ByteView image_load_event) {
  return read_image_path(image_load_event).value_or("");
}

}  // namespace vedette::attestation
