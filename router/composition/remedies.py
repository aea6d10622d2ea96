"""How to get rid of each error and hint of composition, in a sentence: the last line of a report, and the reference."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_ARGUMENTS_SAME = "Give the argument the same {} in every subgraph that has the field."
_STRING = 'Write the fields as one quoted string: fields: "id name".'
_NO_DIRECTIVES = "Take the directives out of the fields string."
_NO_ARGUMENTS = "Name only fields without arguments; give the data a field of its own if need be."
_NOT_ON_INTERFACE = "Put the directive on the field of each implementing object type instead."
_VALID_SELECTION = "Name only fields the type has in this subgraph, adding those of other subgraphs with @external."
_MAKE_VISIBLE = "Take @inaccessible off the one, or put it on the other as well."
_ONE_ROOT_NAME = "Rename the type that is called {0}, or make it the {1} root of the schema."
_SAME_EVERYWHERE = "Bring the subgraphs in line if the difference is not meant."

REMEDIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "AUTH_REQUIREMENTS_APPLIED_ON_INTERFACE": "Move it to the implementing object types and their fields; the "
        "interface takes it over from them.",
        "CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS": "Fill the argument with @fromContext in every subgraph, "
        "or make it nullable or give it a default where no context fills it.",
        "CONTEXT_INVALID_SELECTION": "Select exactly one field of the argument's type (nullable), for every type that "
        "sets the context.",
        "CONTEXT_NAME_INVALID": "Call the context by letters and digits, beginning with a letter, without underscores.",
        "CONTEXT_NOT_SET": "Put @context(name: …) on a type above the field, and keep such arguments off interfaces, "
        "directive definitions and default values.",
        "CONTEXT_NO_RESOLVABLE_KEY": "Give the type a @key that is resolvable in this subgraph.",
        "COST_APPLIED_TO_INTERFACE_FIELD": "Put @cost on the field of each implementing object type.",
        "DEFAULT_VALUE_USES_INACCESSIBLE": "Choose a default clients may see, or make the named value visible.",
        "DIRECTIVE_COMPOSITION_ERROR": "Link one version of the feature under one name in every subgraph that composes "
        "the directive, define it there, and apply it as the newest definition allows.",
        "DIRECTIVE_DEFINITION_INVALID": "Delete the definition (the link brings it), or write it as the spec has it.",
        "DISALLOWED_INACCESSIBLE": "Take @inaccessible off what belongs to GraphQL or to a spec.",
        "EMPTY_MERGED_ENUM_TYPE": "Let all subgraphs that take the enum as input share at least one value.",
        "EMPTY_MERGED_INPUT_TYPE": "Let all subgraphs that have the input object share at least one field.",
        "ENUM_VALUE_MISMATCH": "Define the same values in every subgraph, or add new ones @inaccessible until all have "
        "them.",
        "EXTENSION_WITH_NO_BASE": "Define the type without `extend` in one subgraph.",
        "EXTERNAL_ARGUMENT_DEFAULT_MISMATCH": _ARGUMENTS_SAME.format("default"),
        "EXTERNAL_ARGUMENT_MISSING": "Declare the external field with all arguments it has where it is resolved.",
        "EXTERNAL_ARGUMENT_TYPE_MISMATCH": _ARGUMENTS_SAME.format("type"),
        "EXTERNAL_COLLISION_WITH_ANOTHER_DIRECTIVE": "Keep either @external or the other directive on the field.",
        "EXTERNAL_MISSING_ON_BASE": "Resolve the field in one subgraph: declare it there without @external.",
        "EXTERNAL_ON_INTERFACE": "Take @external off; mark the fields of the implementing types instead.",
        "EXTERNAL_TYPE_MISMATCH": "Declare the external field with the type it has where it is resolved.",
        "EXTERNAL_UNUSED": "Remove the field, or name it in a @key, @requires or @provides of this subgraph.",
        "FIELD_ARGUMENT_DEFAULT_MISMATCH": _ARGUMENTS_SAME.format("default"),
        "FIELD_ARGUMENT_TYPE_MISMATCH": "Give the argument types of which one accepts all values of the others, such "
        "as Int and Int!.",
        "FIELD_TYPE_MISMATCH": "Give the field types of which one is the other's supertype: T and T!, an interface and "
        "its object.",
        "IMPLEMENTED_BY_INACCESSIBLE": _MAKE_VISIBLE,
        "INPUT_FIELD_DEFAULT_MISMATCH": "Give the input field the same default in every subgraph.",
        "INTERFACE_FIELD_NO_IMPLEM": "Add the field to the implementing type in some subgraph, or use "
        "@interfaceObject where the interface is extended.",
        "INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE": "Define all types that implement the interface in the subgraph "
        "that keys it.",
        "INTERFACE_KEY_NOT_ON_IMPLEMENTATION": "Put the interface's @key on each implementing type as well.",
        "INTERFACE_OBJECT_USAGE_ERROR": "Key the type here, key the interface in the subgraph that knows its types, "
        "and define none of those types here.",
        "INVALID_FIELD_SHARING": "Mark the field @shareable in every subgraph that resolves it, @external where "
        "it does not, or @override it from the other.",
        "INVALID_GRAPHQL": "Correct the schema; the message says what the GraphQL specification asks for.",
        "INVALID_LINK_DIRECTIVE_USAGE": "Link each feature once, import what it has, and rename with `as` what would "
        "collide.",
        "INVALID_LINK_IDENTIFIER": "End the url in a name and a version: https://example.org/name/v1.0.",
        "INVALID_SHAREABLE_USAGE": "Write @shareable once, on object types and their fields only.",
        "INVALID_SUBGRAPH_NAME": "Choose another name; each subgraph has its own, and `_` is reserved.",
        "KEY_DIRECTIVE_IN_FIELDS_ARG": _NO_DIRECTIVES,
        "KEY_FIELDS_HAS_ARGS": _NO_ARGUMENTS,
        "KEY_FIELDS_SELECT_INVALID_TYPE": "Let keys consist of scalars, enums and object types.",
        "KEY_INVALID_FIELDS": _VALID_SELECTION,
        "KEY_INVALID_FIELDS_TYPE": _STRING,
        "KEY_UNSUPPORTED_ON_INTERFACE": "Link Federation v2.3 or newer, or key the implementing types only.",
        "LINK_IMPORT_NAME_MISMATCH": "Import the directive under one name in all subgraphs that apply it.",
        "LIST_SIZE_APPLIED_TO_NON_LIST": "Put @listSize on a list, or name the lists below with sizedFields.",
        "LIST_SIZE_INVALID_ASSUMED_SIZE": "Assume a size of zero or more.",
        "LIST_SIZE_INVALID_SIZED_FIELD": "Name fields of the returned type that are lists.",
        "LIST_SIZE_INVALID_SLICING_ARGUMENT": "Name arguments of the field that are of type Int.",
        "MAX_VALIDATION_SUBGRAPH_PATHS_EXCEEDED": "Raise the limit, or let fewer subgraphs share the same fields.",
        "MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL": "Apply the directive where the field is resolved.",
        "MISSING_TRANSITIVE_AUTH_REQUIREMENTS": "Guard the field at least as well as the data it requires or takes "
        "from a context.",
        "NO_CONTEXT_IN_SELECTION": 'Begin with the context: field: "$context { name }".',
        "NO_QUERIES": "Define `type Query` with a field in some subgraph.",
        "ONLY_INACCESSIBLE_CHILDREN": "Make something in the type visible, or hide the type itself.",
        "OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE": "Take the other directive off while the field is overridden.",
        "OVERRIDE_FROM_SELF_ERROR": "Name the subgraph the field is taken over from.",
        "OVERRIDE_LABEL_INVALID": "Write a name (letters, digits and _-:./) or percent(N), N from 0 to 100.",
        "OVERRIDE_ON_INTERFACE": "Put @override on the field of each implementing object type.",
        "OVERRIDE_SOURCE_HAS_OVERRIDE": "Let one subgraph override the field, from the one that does not.",
        "PROVIDES_DIRECTIVE_IN_FIELDS_ARG": _NO_DIRECTIVES,
        "PROVIDES_FIELDS_HAS_ARGS": _NO_ARGUMENTS,
        "PROVIDES_FIELDS_MISSING_EXTERNAL": "Mark the field @external here, or leave it out of @provides.",
        "PROVIDES_INVALID_FIELDS": _VALID_SELECTION,
        "PROVIDES_INVALID_FIELDS_TYPE": _STRING,
        "PROVIDES_ON_NON_OBJECT_FIELD": "Use @provides only on fields that return objects, interfaces or unions.",
        "PROVIDES_UNSUPPORTED_ON_INTERFACE": _NOT_ON_INTERFACE,
        "QUERY_ROOT_TYPE_INACCESSIBLE": "Take @inaccessible off the query root.",
        "REFERENCED_INACCESSIBLE": _MAKE_VISIBLE,
        "REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH": "Add the argument to the field in every subgraph, or make it "
        "optional.",
        "REQUIRED_INACCESSIBLE": "Make it visible, nullable, or give it a default.",
        "REQUIRED_INPUT_FIELD_MISSING_IN_SOME_SUBGRAPH": "Add the field to the input object in every subgraph, or make "
        "it optional.",
        "REQUIRES_DIRECTIVE_IN_FIELDS_ARG": _NO_DIRECTIVES,
        "REQUIRES_FIELDS_MISSING_EXTERNAL": "Mark the field @external here, or leave it out of @requires.",
        "REQUIRES_INVALID_FIELDS": _VALID_SELECTION,
        "REQUIRES_INVALID_FIELDS_TYPE": _STRING,
        "REQUIRES_UNSUPPORTED_ON_INTERFACE": _NOT_ON_INTERFACE,
        "ROOT_MUTATION_USED": _ONE_ROOT_NAME.format("Mutation", "mutation"),
        "ROOT_QUERY_USED": _ONE_ROOT_NAME.format("Query", "query"),
        "ROOT_SUBSCRIPTION_USED": _ONE_ROOT_NAME.format("Subscription", "subscription"),
        "SATISFIABILITY_ERROR": "Give the type a @key both subgraphs resolve, mark the field @shareable and resolve it "
        "where the query begins, or @provides it on the way.",
        "SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES": "Let all subgraphs that share the field return some type in common.",
        "TYPE_DEFINITION_INVALID": "Delete the definition (the link brings it), or write it as the spec has it.",
        "TYPE_KIND_MISMATCH": "Define the name as the same kind of type everywhere, or rename one of them.",
        "TYPE_WITH_ONLY_UNUSED_EXTERNAL": "Remove the type here, or use its fields in a @key, @requires or @provides.",
        "UNKNOWN_FEDERATION_LINK_VERSION": "Link a version of Federation that exists: v2.0 to v2.14.",
        "UNKNOWN_LINK_VERSION": "Link https://specs.apollo.dev/link/v1.0.",
        "DIRECTIVE_COMPOSITION_INFO": "Remove the @composeDirective, or link one version of the feature everywhere.",
        "DIRECTIVE_COMPOSITION_WARN": "Import the directive under the composed name in that subgraph too.",
        "FROM_SUBGRAPH_DOES_NOT_EXIST": "Correct the name, or remove @override if the subgraph is gone.",
        "IMPLICITLY_UPGRADED_FEDERATION_VERSION": "Link the newer Federation version itself.",
        "INCONSISTENT_ARGUMENT_PRESENCE": "Add the argument to the field in every subgraph to offer it to clients.",
        "INCONSISTENT_BUT_COMPATIBLE_ARGUMENT_TYPE": _SAME_EVERYWHERE,
        "INCONSISTENT_BUT_COMPATIBLE_FIELD_TYPE": _SAME_EVERYWHERE,
        "INCONSISTENT_DEFAULT_VALUE_PRESENCE": "Give the default in every subgraph to offer it to clients.",
        "INCONSISTENT_DESCRIPTION": _SAME_EVERYWHERE,
        "INCONSISTENT_ENTITY": "Key the type in every subgraph that resolves it by key.",
        "INCONSISTENT_ENUM_VALUE_FOR_INPUT_ENUM": "Add the value in every subgraph to offer it to clients.",
        "INCONSISTENT_ENUM_VALUE_FOR_OUTPUT_ENUM": _SAME_EVERYWHERE,
        "INCONSISTENT_EXECUTABLE_DIRECTIVE_LOCATIONS": _SAME_EVERYWHERE,
        "INCONSISTENT_EXECUTABLE_DIRECTIVE_PRESENCE": "Define the directive in every subgraph to offer it to clients.",
        "INCONSISTENT_EXECUTABLE_DIRECTIVE_REPEATABLE": _SAME_EVERYWHERE,
        "INCONSISTENT_INPUT_OBJECT_FIELD": "Add the field in every subgraph to offer it to clients.",
        "INCONSISTENT_INTERFACE_VALUE_TYPE_FIELD": _SAME_EVERYWHERE,
        "INCONSISTENT_NON_REPEATABLE_DIRECTIVE_ARGUMENTS": _SAME_EVERYWHERE,
        "INCONSISTENT_OBJECT_VALUE_TYPE_FIELD": "Add the field to the type in every subgraph, or give the type a key.",
        "INCONSISTENT_RUNTIME_TYPES_FOR_SHAREABLE_RETURN": "Define the same types behind the field in every subgraph "
        "that resolves it.",
        "INCONSISTENT_UNION_MEMBER": _SAME_EVERYWHERE,
        "MERGED_NON_REPEATABLE_DIRECTIVE_ARGUMENTS": _SAME_EVERYWHERE,
        "NO_EXECUTABLE_DIRECTIVE_INTERSECTION": "Let all definitions of the directive share a location.",
        "OVERRIDDEN_FIELD_CAN_BE_REMOVED": "Remove the field from the subgraph it was taken over from.",
        "OVERRIDE_DIRECTIVE_CAN_BE_REMOVED": "Remove the @override.",
        "OVERRIDE_MIGRATION_IN_PROGRESS": "Raise the label's share to the end, then remove the field where it was.",
        "UNUSED_ENUM_TYPE": "Use the enum or remove it.",
    }
)
