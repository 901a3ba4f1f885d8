// What a person sees of a TUF repository.
#pragma once

#include <string>

#include "codec/json.h"
#include "release/tuf/document.h"
#include "release/tuf/publication.h"

namespace vedette::cli {

// `{"type","version","expires","signatures":[key identifiers],"targets"?,"delegations"?}`.
[[nodiscard]] codec::Json document_json(const release::tuf::Document& document);
[[nodiscard]] std::string document_text(const release::tuf::Document& document);

struct RepositoryView {
  codec::Json json;  // {"published":{role:...},"staged":{role:...}}
  std::string text;
};

// Refuses what read_document() refuses.
[[nodiscard]] Result<RepositoryView> view_repository(const release::tuf::Published& published,
                                                     const release::tuf::Staged& staged);

}  // namespace vedette::cli
