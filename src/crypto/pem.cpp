#include "crypto/pem.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include "crypto/openssl_handles.h"

namespace vedette::crypto {
namespace {

constexpr std::size_t kMaxText = 1 << 20;

// Owns what PEM_read_bio_ex allocates; the data may be a private key.
struct RawBlock {
  char* name = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;

  RawBlock() = default;
  RawBlock(const RawBlock&) = delete;
  RawBlock& operator=(const RawBlock&) = delete;
  ~RawBlock() {
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_clear_free(data, static_cast<std::size_t>(size));
  }
};

bool at_end_of_blocks() {
  const unsigned long error = ERR_peek_last_error();
  return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

}  // namespace

Result<std::vector<PemBlock>> read_pem(std::string_view text, std::size_t max_blocks,
                                       std::string_view code) {
  if (text.size() > kMaxText) return refuse(code, "the PEM text is larger than 1 MiB");
  const ErrorQueueScope errors;
  const BioHandle in(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  require(in != nullptr, "read from memory");
  std::vector<PemBlock> blocks;
  while (blocks.size() < max_blocks) {
    RawBlock raw;
    if (PEM_read_bio(in.get(), &raw.name, &raw.header, &raw.data, &raw.size) != 1) {
      if (!at_end_of_blocks()) return refuse(code, "the PEM text is damaged", drain_errors());
      if (blocks.empty()) return refuse(code, "there is no PEM block in the text");
      return blocks;
    }
    if (*raw.header != '\0')
      return refuse(code, "PEM blocks with headers are not accepted", raw.name,
                    "convert a private key with 'openssl pkcs8 -topk8'");
    const ByteView data(raw.data, static_cast<std::size_t>(raw.size));
    blocks.push_back({.name = raw.name, .der = SecretBytes(to_bytes(data))});
  }
  return blocks;
}

Result<PemBlock> read_first_pem(std::string_view text, std::string_view name,
                                std::string_view code) {
  VEDETTE_TRY(auto blocks, read_pem(text, 1, code));
  if (blocks.front().name != name)
    return refuse(code, "the PEM text holds something else than a " + std::string(name),
                  blocks.front().name);
  return std::move(blocks.front());
}

std::string write_pem(const char* name, ByteView der) {
  const BioHandle out(BIO_new(BIO_s_mem()));
  require(out != nullptr &&
              PEM_write_bio(out.get(), name, "", der.data(), static_cast<long>(der.size())) > 0,
          "write PEM");
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

}  // namespace vedette::crypto
