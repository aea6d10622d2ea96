"""What every subgraph is built from. Read in the order of these imports."""

from subgraphs.kit.context import ANONYMOUS, Context, Identity, Info, Owner, in_order
from subgraphs.kit.database import Database, lost_a_race
from subgraphs.kit.entities import federated_schema
from subgraphs.kit.errors import KIT_ERRORS, DomainError, ErrorTable, ErrorText, errors_page
from subgraphs.kit.idempotency import forget_before, idempotency_table, once, recall
from subgraphs.kit.importing import Importer, ImportSummary, Progress, no_progress, read_csv
from subgraphs.kit.language import NameLanguage, localised
from subgraphs.kit.migrations import differences, migrate
from subgraphs.kit.pagination import (
    Connection,
    Page,
    PageInfo,
    PageRequest,
    connection,
    page_info,
    page_of,
    page_of_rows,
    page_request,
)
from subgraphs.kit.payments import Payment, PaymentConflict, PaymentProvider
from subgraphs.kit.places import Box, PlaceFields, Point, box_around, haversine_km, place_type, read_place_id
from subgraphs.kit.simulated_payments import SimulatedPayments
from subgraphs.kit.subgraph import OpenSubgraph, Subgraph, execute, subscribe
from subgraphs.kit.time import KST, Clock, from_ms, in_kst, kst_at, kst_date, to_ms, utc_now

__all__ = [
    "ANONYMOUS",
    "KIT_ERRORS",
    "KST",
    "Box",
    "Clock",
    "Connection",
    "Context",
    "Database",
    "DomainError",
    "ErrorTable",
    "ErrorText",
    "Identity",
    "ImportSummary",
    "Importer",
    "Info",
    "NameLanguage",
    "OpenSubgraph",
    "Owner",
    "Page",
    "PageInfo",
    "PageRequest",
    "Payment",
    "PaymentConflict",
    "PaymentProvider",
    "PlaceFields",
    "Point",
    "Progress",
    "SimulatedPayments",
    "Subgraph",
    "box_around",
    "connection",
    "differences",
    "errors_page",
    "execute",
    "federated_schema",
    "forget_before",
    "from_ms",
    "haversine_km",
    "idempotency_table",
    "in_kst",
    "in_order",
    "kst_at",
    "kst_date",
    "localised",
    "lost_a_race",
    "migrate",
    "no_progress",
    "once",
    "page_info",
    "page_of",
    "page_of_rows",
    "page_request",
    "place_type",
    "read_csv",
    "read_place_id",
    "recall",
    "subscribe",
    "to_ms",
    "utc_now",
]
