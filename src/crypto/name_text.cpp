#include "crypto/name_text.h"

namespace vedette::crypto {

std::string name_text(const X509_NAME* name) {
  const BioHandle out(BIO_new(BIO_s_mem()));
  require(out != nullptr && X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253) >= 0,
          "print a name");
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : std::string();
}

bool add_name_entry(X509_NAME* name, int nid, const std::string& value) {
  if (value.empty()) return true;
  const ErrorQueueScope errors;
  const ByteView octets = as_bytes(value);
  return X509_NAME_add_entry_by_NID(name, nid, MBSTRING_UTF8, octets.data(),
                                    static_cast<int>(octets.size()), -1, 0) == 1;
}

}  // namespace vedette::crypto
