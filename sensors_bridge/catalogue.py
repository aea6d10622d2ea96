"""What a roof light can measure: 34 sensors, 66 kinds of value.

Units are UCUM codes (https://ucum.org/ucum). `cf_name` is the CF standard name where one fits
(https://cfconventions.org/standard-names.html). `minimum` and `maximum` are inclusive and in `unit`: a value beyond
them is a broken sensor, not weather, and the decoder rejects it. `cadence_s` is the usual seconds between two values.
The table is the hub's own design, from the kinds that Motov says its roof lights collect.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Sensor:
    """One device inside the roof light; `id` is S01 to S34."""

    id: str
    name_ko: str
    name_en: str


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of value (a datastream's observed property). Bounds are inclusive, in `unit` (UCUM)."""

    code: str
    sensor_id: str
    name_ko: str
    name_en: str
    unit: str
    minimum: float
    maximum: float
    cadence_s: int
    cf_name: str | None = None


# fmt: off
_SENSORS: tuple[Sensor, ...] = (
    Sensor("S01", "온습도계", "Thermo-hygrometer"),
    Sensor("S02", "기압계", "Barometer"),
    Sensor("S03", "흑구온도계", "Black-globe thermometer"),
    Sensor("S04", "노면온도계", "IR road thermometer"),
    Sensor("S05", "초음파 풍향풍속계", "Ultrasonic anemometer"),
    Sensor("S06", "강우감지기", "Rain detector"),
    Sensor("S07", "광산란 미세먼지", "Optical particle counter"),
    Sensor("S08", "오존 센서", "O3 electrochemical"),
    Sensor("S09", "이산화질소 센서", "NO2 electrochemical"),
    Sensor("S10", "일산화질소 센서", "NO electrochemical"),
    Sensor("S11", "일산화탄소 센서", "CO electrochemical"),
    Sensor("S12", "아황산가스 센서", "SO2 electrochemical"),
    Sensor("S13", "이산화탄소 센서", "NDIR CO2"),
    Sensor("S14", "암모니아 센서", "NH3 sensor"),
    Sensor("S15", "황화수소 센서", "H2S sensor"),
    Sensor("S16", "휘발성유기화합물", "TVOC/HCHO sensor"),
    Sensor("S17", "메탄 센서", "CH4 sensor"),
    Sensor("S18", "소음계", "Sound level meter"),
    Sensor("S19", "소리 이벤트 분류기", "Sound event classifier"),
    Sensor("S20", "상향 조도계", "Illuminance (up)"),
    Sensor("S21", "측면 조도계", "Illuminance (side)"),
    Sensor("S22", "자외선 센서", "UV sensor"),
    Sensor("S23", "일사계", "Pyranometer"),
    Sensor("S24", "위성항법", "GNSS receiver"),
    Sensor("S25", "가속도계", "Accelerometer"),
    Sensor("S26", "자이로", "Gyroscope"),
    Sensor("S27", "전방 카메라", "Front camera (on-device counts)"),
    Sensor("S28", "후방 카메라", "Rear camera (on-device counts)"),
    Sensor("S29", "와이파이 단말 계수", "Wi-Fi probe counter"),
    Sensor("S30", "블루투스 단말 계수", "BLE counter"),
    Sensor("S31", "통신 모뎀", "LTE/5G modem"),
    Sensor("S32", "방사선 센서", "Geiger counter"),
    Sensor("S33", "자기장 센서", "Magnetometer/EMF"),
    Sensor("S34", "장치 상태", "Device health"),
)

_KINDS: tuple[Kind, ...] = (
    Kind("air_temp", "S01", "기온", "Air temperature", "Cel", -30, 50, 10, "air_temperature"),
    Kind("rel_humidity", "S01", "상대습도", "Relative humidity", "%", 0, 100, 10, "relative_humidity"),
    Kind("dew_point", "S01", "이슬점", "Dew point (derived)", "Cel", -40, 35, 10, "dew_point_temperature"),
    Kind("air_pressure", "S02", "기압", "Air pressure", "hPa", 850, 1085, 10, "air_pressure"),
    Kind("globe_temp", "S03", "흑구온도", "Black-globe temperature", "Cel", -30, 80, 10),
    Kind("wbgt", "S03", "습구흑구온도지수", "WBGT (derived)", "Cel", -30, 50, 60),
    Kind("road_temp", "S04", "노면온도", "Road surface temperature", "Cel", -30, 80, 5, "surface_temperature"),
    Kind("wind_speed", "S05", "풍속", "Wind speed", "m/s", 0, 60, 1, "wind_speed"),
    Kind("wind_dir", "S05", "풍향", "Wind direction", "deg", 0, 360, 1, "wind_from_direction"),
    Kind("wind_gust", "S05", "돌풍", "Wind gust", "m/s", 0, 80, 10, "wind_speed_of_gust"),
    Kind("rain_rate", "S06", "강우강도", "Rain rate", "mm/h", 0, 300, 10, "rainfall_rate"),
    Kind("rain_flag", "S06", "강우여부", "Rain detected", "1", 0, 1, 10),
    Kind("pm1", "S07", "극초미세먼지", "PM1.0", "ug/m3", 0, 500, 10,
         "mass_concentration_of_pm1_ambient_aerosol_particles_in_air"),
    Kind("pm25", "S07", "초미세먼지", "PM2.5", "ug/m3", 0, 500, 10,
         "mass_concentration_of_pm2p5_ambient_aerosol_particles_in_air"),
    Kind("pm10", "S07", "미세먼지", "PM10", "ug/m3", 0, 1000, 10,
         "mass_concentration_of_pm10_ambient_aerosol_particles_in_air"),
    Kind("pm_count", "S07", "입자수농도", "Particle number concentration", "/cm3", 0, 100000, 10,
         "number_concentration_of_ambient_aerosol_particles_in_air"),
    Kind("o3", "S08", "오존", "Ozone", "[ppm]", 0, 0.6, 30, "mole_fraction_of_ozone_in_air"),
    Kind("no2", "S09", "이산화질소", "Nitrogen dioxide", "[ppm]", 0, 2, 30, "mole_fraction_of_nitrogen_dioxide_in_air"),
    Kind("no", "S10", "일산화질소", "Nitric oxide", "[ppm]", 0, 5, 30, "mole_fraction_of_nitrogen_monoxide_in_air"),
    Kind("co", "S11", "일산화탄소", "Carbon monoxide", "[ppm]", 0, 50, 30, "mole_fraction_of_carbon_monoxide_in_air"),
    Kind("so2", "S12", "아황산가스", "Sulphur dioxide", "[ppm]", 0, 1, 30, "mole_fraction_of_sulfur_dioxide_in_air"),
    Kind("co2", "S13", "이산화탄소", "Carbon dioxide", "[ppm]", 350, 5000, 30,
         "mole_fraction_of_carbon_dioxide_in_air"),
    Kind("nh3", "S14", "암모니아", "Ammonia", "[ppm]", 0, 100, 30, "mole_fraction_of_ammonia_in_air"),
    Kind("h2s", "S15", "황화수소", "Hydrogen sulphide", "[ppm]", 0, 50, 30, "mole_fraction_of_hydrogen_sulfide_in_air"),
    Kind("tvoc", "S16", "총휘발성유기화합물", "Total VOC", "[ppb]", 0, 60000, 30),
    Kind("hcho", "S16", "폼알데하이드", "Formaldehyde", "[ppm]", 0, 5, 30, "mole_fraction_of_formaldehyde_in_air"),
    Kind("ch4", "S17", "메탄", "Methane", "[ppm]", 1.5, 10000, 30, "mole_fraction_of_methane_in_air"),
    Kind("laeq", "S18", "등가소음도", "LAeq", "dB[A]", 25, 130, 1, "sound_pressure_level_in_air"),
    Kind("lmax", "S18", "최대소음도", "LAFmax", "dB[A]", 25, 140, 1, "sound_pressure_level_in_air"),
    Kind("l90", "S18", "배경소음", "LA90", "dB[A]", 20, 110, 60, "sound_pressure_level_in_air"),
    Kind("scream_score", "S19", "비명 점수", "Scream score", "1", 0, 1, 1),
    Kind("horn_count", "S19", "경적 횟수", "Horn count", "{count}/min", 0, 120, 60),
    Kind("siren_flag", "S19", "사이렌", "Siren detected", "1", 0, 1, 1),
    Kind("illuminance", "S20", "조도", "Illuminance", "lx", 0, 120000, 1),
    Kind("street_light", "S21", "가로 조도", "Street-level illuminance", "lx", 0, 2000, 1),
    Kind("light_gap", "S21", "암부 길이", "Dark gap length (derived)", "m", 0, 500, 10),
    Kind("uv_index", "S22", "자외선지수", "UV index", "1", 0, 15, 60, "ultraviolet_index"),
    Kind("solar", "S23", "일사량", "Shortwave irradiance", "W/m2", 0, 1400, 10,
         "surface_downwelling_shortwave_flux_in_air"),
    Kind("lat", "S24", "위도", "Latitude", "deg", 33, 39, 1, "latitude"),
    Kind("lon", "S24", "경도", "Longitude", "deg", 124, 132, 1, "longitude"),
    Kind("alt", "S24", "고도", "Altitude", "m", -20, 2000, 1, "altitude"),
    Kind("speed", "S24", "속도", "Ground speed", "km/h", 0, 160, 1, "platform_speed_wrt_ground"),
    Kind("course", "S24", "진행방향", "Course", "deg", 0, 360, 1, "platform_course"),
    Kind("hdop", "S24", "수평정밀도", "HDOP", "1", 0.5, 50, 1),
    Kind("acc_x", "S25", "가속도 X", "Acceleration X", "m/s2", -80, 80, 1),
    Kind("acc_y", "S25", "가속도 Y", "Acceleration Y", "m/s2", -80, 80, 1),
    Kind("acc_z", "S25", "가속도 Z", "Acceleration Z", "m/s2", -80, 80, 1),
    Kind("road_rough", "S25", "노면거칠기", "Road roughness (derived IRI)", "m/km", 0, 20, 10),
    Kind("pitch", "S26", "피치", "Pitch", "deg", -45, 45, 1, "platform_pitch"),
    Kind("roll", "S26", "롤", "Roll", "deg", -45, 45, 1, "platform_roll"),
    Kind("ped_count", "S27", "보행자수", "Pedestrians in view", "{count}", 0, 300, 5),
    Kind("veh_count", "S27", "차량수", "Vehicles in view", "{count}", 0, 200, 5),
    Kind("pothole", "S27", "포트홀", "Pothole detections", "{count}", 0, 20, 5),
    Kind("banner", "S27", "불법현수막", "Illegal banners", "{count}", 0, 20, 5),
    Kind("ped_count_rear", "S28", "후방 보행자수", "Pedestrians behind", "{count}", 0, 300, 5),
    Kind("illegal_park", "S28", "불법주정차", "Illegal parking", "{count}", 0, 50, 5),
    Kind("wifi_devices", "S29", "와이파이 단말수", "Wi-Fi devices (hashed, k>=5)", "{count}", 0, 2000, 60),
    Kind("ble_devices", "S30", "블루투스 단말수", "BLE devices (hashed, k>=5)", "{count}", 0, 2000, 60),
    Kind("rsrp", "S31", "수신신호세기", "RSRP", "dB[mW]", -140, -40, 10),
    Kind("latency", "S31", "통신지연", "Round-trip latency", "ms", 1, 5000, 60),
    Kind("gamma", "S32", "공간감마선량률", "Gamma dose rate", "uSv/h", 0.03, 10, 60),
    Kind("emf", "S33", "자기장", "Magnetic flux density", "uT", 0, 1000, 10),
    Kind("enclosure_temp", "S34", "함체온도", "Enclosure temperature", "Cel", -40, 95, 60),
    Kind("supply_v", "S34", "전원전압", "Supply voltage", "V", 9, 16, 60),
    Kind("display_lum", "S34", "광고면 휘도", "Display luminance", "cd/m2", 0, 2500, 60),
    Kind("uptime", "S34", "가동시간", "Uptime", "s", 0, 10000000, 60),
)
# fmt: on

SENSORS: Mapping[str, Sensor] = MappingProxyType({sensor.id: sensor for sensor in _SENSORS})
"""Sensor id (S01 to S34) to sensor."""

KINDS: Mapping[str, Kind] = MappingProxyType({kind.code: kind for kind in _KINDS})
"""Kind code (`pm10`, `laeq`, ...) to kind, in the catalogue's order."""
