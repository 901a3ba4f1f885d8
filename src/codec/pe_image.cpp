// Offsets are those of "PE Format" (Microsoft): MS-DOS stub, COFF file header, optional header,
// data directories, section table, attribute certificate table.
#include "codec/pe_image.h"

#include <algorithm>

namespace vedette::codec {

namespace {

constexpr std::size_t kOffsetOfPe = 0x3C;
constexpr std::size_t kCoffOctets = 24;  // the signature "PE\0\0" included
constexpr std::size_t kSectionOctets = 40;
constexpr std::size_t kDirectoryOctets = 8;
constexpr std::size_t kCertificateEntry = 4;  // its place in the data directories
constexpr std::size_t kHeadersAt = 60;        // SizeOfHeaders, in the optional header
constexpr std::size_t kChecksumAt = 64;
constexpr std::size_t kChecksumOctets = 4;
constexpr std::uint64_t kPe32 = 0x10B;
constexpr std::uint64_t kPe32Plus = 0x20B;
constexpr std::size_t kPe32Directories = 96;
constexpr std::size_t kPe32PlusDirectories = 112;

std::unexpected<Error> refuse_syntax(std::string cause) {
  return refuse("PE-SYNTAX", "this is no PE image", std::move(cause),
                "name the kernel or loader that the firmware starts, an .efi or a vmlinuz");
}

std::unexpected<Error> refuse_layout(std::string cause) {
  return refuse("PE-LAYOUT", "the digest of this PE image is not certain", std::move(cause));
}

class PeReader {
 public:
  explicit PeReader(ByteView image) : image_(image) {}

  Result<PeImage> read() {
    if (image_.size() > kMaxPeOctets)
      return refuse("PE-SIZE", "the PE image is too large", std::to_string(image_.size()));
    VEDETTE_CHECK(read_headers());
    VEDETTE_CHECK(read_directories());
    VEDETTE_CHECK(check_sections());
    return without_holes();
  }

 private:
  [[nodiscard]] Result<std::uint64_t> integer(std::size_t offset, std::size_t octets,
                                              const char* field) const {
    if (offset > image_.size() || image_.size() - offset < octets)
      return refuse_syntax(std::string(field) + " is beyond the end");
    std::uint64_t value = 0;
    for (std::size_t i = octets; i > 0; --i)
      value = (value << 8U) | image_[offset + i - 1];
    return value;
  }

  Result<void> read_headers() {
    VEDETTE_TRY(const auto dos, integer(0, 2, "the DOS header"));
    if (dos != 0x5A4D) return refuse_syntax("it does not begin with MZ");
    VEDETTE_TRY(const auto pe, integer(kOffsetOfPe, 4, "the offset of the PE header"));
    VEDETTE_TRY(const auto signature, integer(pe, 4, "the PE signature"));
    if (signature != 0x4550) return refuse_syntax("there is no PE signature");
    VEDETTE_TRY(sections_, integer(pe + 6, 2, "the number of sections"));
    if (sections_ > kMaxPeSections) return refuse_syntax(std::to_string(sections_) + " sections");
    VEDETTE_TRY(const auto optional_octets, integer(pe + 20, 2, "the optional header's size"));
    optional_ = pe + kCoffOctets;
    table_ = optional_ + optional_octets;
    VEDETTE_TRY(headers_, integer(optional_ + kHeadersAt, 4, "the headers' size"));
    if (headers_ > image_.size() || table_ + sections_ * kSectionOctets > headers_)
      return refuse_syntax("the headers do not hold the section table");
    return {};
  }

  Result<void> read_directories() {
    VEDETTE_TRY(const auto magic, integer(optional_, 2, "the optional header"));
    if (magic != kPe32 && magic != kPe32Plus) return refuse_syntax("neither PE32 nor PE32+");
    const std::size_t directories =
        optional_ + (magic == kPe32 ? kPe32Directories : kPe32PlusDirectories);
    VEDETTE_TRY(const auto count, integer(directories - 4, 4, "the number of directories"));
    entry_ = directories + kCertificateEntry * kDirectoryOctets;
    if (directories > table_ || count > (table_ - directories) / kDirectoryOctets)
      return refuse_syntax("more data directories than the optional header holds");
    has_entry_ = count > kCertificateEntry;
    if (!has_entry_) return {};
    VEDETTE_TRY(const auto offset, integer(entry_, 4, "the certificate table"));
    VEDETTE_TRY(const auto octets, integer(entry_ + 4, 4, "the certificate table's size"));
    if (octets == 0) return {};
    if (offset < headers_ || offset > image_.size() || octets > image_.size() - offset)
      return refuse_syntax("the certificate table is beyond the end");
    if (offset + octets != image_.size())
      return refuse_layout("the certificates are not the end of the file");
    certificates_ = {offset, octets};
    return {};
  }

  // Where what is hashed ends.
  [[nodiscard]] std::size_t end() const {
    return certificates_.octets == 0 ? image_.size() : certificates_.offset;
  }

  Result<void> check_sections() {
    std::vector<PeRange> sections;
    for (std::size_t i = 0; i < sections_; ++i) {
      const std::size_t at = table_ + i * kSectionOctets;
      VEDETTE_TRY(const auto octets, integer(at + 16, 4, "SizeOfRawData"));
      VEDETTE_TRY(const auto offset, integer(at + 20, 4, "PointerToRawData"));
      if (octets == 0) continue;
      if (offset > end() || octets > end() - offset)
        return refuse_syntax("section " + std::to_string(i + 1) + " is beyond the end");
      sections.push_back({offset, octets});
    }
    std::ranges::sort(sections, {}, &PeRange::offset);
    std::size_t next = headers_;
    for (const PeRange& section : sections) {
      if (section.offset != next)
        return refuse_layout(std::string("there is ") +
                             (section.offset < next ? "an overlap" : "a gap") +
                             " before the section at octet " + std::to_string(section.offset));
      next = section.offset + section.octets;
    }
    return {};
  }

  [[nodiscard]] PeImage without_holes() const {
    PeImage layout{.hashed = {}, .certificates = certificates_};
    const std::size_t checksum = optional_ + kChecksumAt;
    const std::size_t behind = checksum + kChecksumOctets;
    layout.hashed.push_back({0, checksum});
    if (has_entry_) {
      layout.hashed.push_back({behind, entry_ - behind});
      layout.hashed.push_back({entry_ + kDirectoryOctets, end() - entry_ - kDirectoryOctets});
    } else {
      layout.hashed.push_back({behind, end() - behind});
    }
    return layout;
  }

  ByteView image_;
  std::size_t optional_ = 0;
  std::size_t table_ = 0;
  std::size_t entry_ = 0;
  std::uint64_t sections_ = 0;
  std::uint64_t headers_ = 0;
  bool has_entry_ = false;
  PeRange certificates_;
};

}  // namespace

Result<PeImage> parse_pe_image(ByteView image) {
  return PeReader(image).read();
}

Bytes authenticode_octets(ByteView image, const PeImage& layout) {
  Bytes octets;
  for (const PeRange& range : layout.hashed)
    append(octets, image.subspan(range.offset, range.octets));
  return octets;
}

}  // namespace vedette::codec
