#include "platform/tuf/metadata_folder.h"

#include "release/tuf/target_name.h"

namespace vedette::platform {

namespace {

Result<std::string> file_of(std::string_view role) {
  VEDETTE_TRY(const std::string name, release::tuf::file_name(role));
  return name + ".json";
}

}  // namespace

Result<std::optional<Bytes>> MetadataFolder::read(std::string_view role, std::uint64_t max_octets) {
  VEDETTE_TRY(const std::string name, file_of(role));
  Bytes octets;
  const auto keep = [&](ByteView piece) -> Result<void> {
    if (piece.size() > max_octets - octets.size())
      return refuse("FILE-SIZE", "a file is larger than it may be", name);
    append(octets, piece);
    return {};
  };
  VEDETTE_TRY(const bool found, files_.read(name, keep));
  return found ? std::optional(std::move(octets)) : std::nullopt;
}

Result<void> MetadataFolder::write(std::string_view role, ByteView octets) {
  VEDETTE_TRY(const std::string name, file_of(role));
  return files_.replace(name, [&](const WholeFiles::Sink& sink) { return sink(octets); });
}

Result<void> MetadataFolder::remove(std::string_view role) {
  VEDETTE_TRY(const std::string name, file_of(role));
  return files_.remove(name);
}

}  // namespace vedette::platform
