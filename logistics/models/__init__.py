"""The network (hubs, lanes, rounds, departures) and what travels on it (consignments, parcels, legs, scans)."""

from logistics.models.calendars import Closure, Planner, SheetImport
from logistics.models.collections import CodeAttempt, CodeStepUp, Collection, CollectionLine
from logistics.models.consignments import Consignment, ConsignmentLine, Leg
from logistics.models.leases import LeasedConsignment, OfflineLease, OfflineUpload
from logistics.models.network import EVERY_DAY, Departure, Hub, HubWorker, Lane, Round, RoundStop, Timetable
from logistics.models.parcels import Parcel, Scan, StopClosing
from logistics.models.returns import GoodsReturn, GoodsReturnLine, ReturnScan
from logistics.models.tariffs import FreeDelivery, FreightRate, Tariff
from logistics.models.temperatures import TemperatureReading
from logistics.models.transfers import HubTransfer

__all__ = [
    "EVERY_DAY",
    "Closure",
    "CodeAttempt",
    "CodeStepUp",
    "Collection",
    "CollectionLine",
    "Consignment",
    "ConsignmentLine",
    "Departure",
    "FreeDelivery",
    "FreightRate",
    "GoodsReturn",
    "GoodsReturnLine",
    "Hub",
    "HubTransfer",
    "HubWorker",
    "Lane",
    "LeasedConsignment",
    "Leg",
    "OfflineLease",
    "OfflineUpload",
    "Parcel",
    "Planner",
    "ReturnScan",
    "Round",
    "RoundStop",
    "Scan",
    "SheetImport",
    "StopClosing",
    "Tariff",
    "TemperatureReading",
    "Timetable",
]
