"""The party: what travellers state about themselves so that suitable spaces can be found."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from geo.spaces.eligibility import ADULT_AGE, Need

#: Value of ``documents`` for people without any document.
NO_DOCUMENTS = "none"

_CODE = r"^[A-Za-z0-9][A-Za-z0-9 _-]{0,59}$"

#: Code of a term of a vocabulary.
type Code = Annotated[str, Field(pattern=_CODE)]


class Party(BaseModel):
    """A party, as far as it says. Nationality, religion and colour are not asked (P26)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    age: int | None = Field(None, ge=0, le=120, description="Years, of who asks.")
    gender: Code | None = Field(None, description="A term of the vocabulary `gender`.")
    children: int | None = Field(None, ge=0, le=20, description="How many are with them.")
    people: int | None = Field(None, ge=1, le=50, description="How many they are together.")
    alone: bool = Field(False, description="A child without an adult.")
    languages: list[Annotated[str, Field(pattern="^[a-z]{2,3}$")]] = Field(
        [], max_length=20, description="That they speak, ISO 639.", examples=[["es"]]
    )
    documents: list[Code] = Field(
        [],
        max_length=20,
        description="That they hold, terms of the vocabulary `document`; `none` for no document.",
    )

    # Each rule is a validator of one field rather than of the model: a field validator sees the
    # fields above it, and its error names the field.

    @field_validator("people")
    @classmethod
    def _counts_everyone(cls, people: int | None, asked: ValidationInfo) -> int | None:
        if people is not None and (asked.data.get("children") or 0) >= people:
            msg = "people counts the children and who asks"
            raise ValueError(msg)
        return people

    @field_validator("alone")
    @classmethod
    def _is_alone(cls, alone: bool, asked: ValidationInfo) -> bool:
        age, children, people = (asked.data.get(name) for name in ("age", "children", "people"))
        if alone and ((age or 0) >= ADULT_AGE or children or (people or 1) > 1):
            msg = "alone is for a child without an adult and without company"
            raise ValueError(msg)
        return alone

    @field_validator("documents")
    @classmethod
    def _are_held_or_none(cls, documents: list[str]) -> list[str]:
        if NO_DOCUMENTS in documents and len(documents) > 1:
            msg = "documents is none, or names those they hold"
            raise ValueError(msg)
        return documents

    def need_of(self, services: list[str]) -> Need:
        """Return what a space has to offer the party: these services, for people like these."""
        held = frozenset(self.documents) - {NO_DOCUMENTS}
        return Need(
            services=tuple(dict.fromkeys(services)),
            age=self.age,
            gender=self.gender,
            children=self.children,
            people=self.people,
            is_alone=self.alone,
            languages=frozenset(self.languages),
            documents=held if self.documents else None,
        )
