/**
 * Every zone of the IANA time zone database (2025b, in the public domain) with the abbreviations of its times, which the
 * platform's own data does not have. A table: a line is `offset abbreviation, …: zones`. Where an offset had more than one
 * abbreviation, each but the first stands behind the second, since the Unix epoch, from which on it was used. Left out are
 * abbreviations that only repeat the offset, and LMT, the local mean time, for offsets with seconds.
 */
export const ZONE_ABBREVIATIONS = `
0 GMT: Africa/Abidjan Africa/Accra Africa/Bissau Africa/Conakry Africa/Dakar Africa/Lome Africa/Nouakchott Africa/Ouagadougou Africa/Timbuktu America/Danmarkshavn Etc/GMT Etc/GMT+0 Etc/GMT-0 Etc/GMT0 Etc/Greenwich GMT GMT+0 GMT-0 GMT0 Greenwich Iceland
9320 ADMT, 10800 EAT: Africa/Addis_Ababa
0 WET, 561 PMT, 3600 WEST -942012000 CET 41468400 WEST 246236400 CET 325468800 WEST 357523200 CET, 7200 CEST: Africa/Algiers
9320 ADMT, 9332 LMT -3155682932 AMT, 10800 EAT: Africa/Asmara
10800 EAT: Africa/Asmera Africa/Dar_es_Salaam Africa/Djibouti Africa/Kampala Africa/Mogadishu Africa/Nairobi Indian/Comoro Indian/Mayotte
-1920 LMT, 0 GMT: Africa/Bamako
3600 WAT: Africa/Bangui Africa/Brazzaville Africa/Douala Africa/Kinshasa Africa/Libreville Africa/Luanda
-3996 LMT -1830380004 BMT, 0 GMT: Africa/Banjul
7200 CAT, 8400 LMT, 8460 ZMT, 8470 ZMT: Africa/Blantyre
7200 CAT: Africa/Bujumbura Africa/Harare Africa/Kigali Africa/Lusaka Africa/Maputo
7200 EET, 10800 EEST: Africa/Cairo Asia/Nicosia EET Egypt Europe/Nicosia
-: Africa/Casablanca Africa/El_Aaiun America/Araguaina America/Bahia America/Belem America/Boa_Vista America/Campo_Grande America/Cayenne America/Cuiaba America/Eirunepe America/Godthab America/Guyana America/Lima America/Maceio America/Manaus America/Noronha America/Nuuk America/Porto_Acre America/Porto_Velho America/Recife America/Rio_Branco America/Santarem America/Sao_Paulo America/Scoresbysund Antarctica/Casey Antarctica/Davis Antarctica/DumontDUrville Antarctica/Mawson Antarctica/Palmer Antarctica/Rothera Antarctica/Syowa Antarctica/Vostok Asia/Aden Asia/Almaty Asia/Anadyr Asia/Aqtau Asia/Aqtobe Asia/Ashgabat Asia/Ashkhabad Asia/Atyrau Asia/Bahrain Asia/Baku Asia/Bishkek Asia/Brunei Asia/Chita Asia/Choibalsan Asia/Dili Asia/Dubai Asia/Dushanbe Asia/Hovd Asia/Kabul Asia/Kamchatka Asia/Kashgar Asia/Kathmandu Asia/Katmandu Asia/Khandyga Asia/Krasnoyarsk Asia/Kuching Asia/Kuwait Asia/Magadan Asia/Muscat Asia/Novokuznetsk Asia/Novosibirsk Asia/Omsk Asia/Oral Asia/Qatar Asia/Qostanay Asia/Qyzylorda Asia/Riyadh Asia/Sakhalin Asia/Samarkand Asia/Srednekolymsk Asia/Tashkent Asia/Thimbu Asia/Thimphu Asia/Tomsk Asia/Ulaanbaatar Asia/Ulan_Bator Asia/Urumqi Asia/Ust-Nera Asia/Vladivostok Asia/Yakutsk Atlantic/Cape_Verde Atlantic/South_Georgia Australia/Eucla Brazil/Acre Brazil/DeNoronha Brazil/East Brazil/West Etc/GMT+1 Etc/GMT+10 Etc/GMT+11 Etc/GMT+12 Etc/GMT+2 Etc/GMT+3 Etc/GMT+4 Etc/GMT+5 Etc/GMT+6 Etc/GMT+7 Etc/GMT+8 Etc/GMT+9 Etc/GMT-1 Etc/GMT-10 Etc/GMT-11 Etc/GMT-12 Etc/GMT-13 Etc/GMT-14 Etc/GMT-2 Etc/GMT-3 Etc/GMT-4 Etc/GMT-5 Etc/GMT-6 Etc/GMT-7 Etc/GMT-8 Etc/GMT-9 Europe/Astrakhan Europe/Samara Europe/Saratov Europe/Ulyanovsk Indian/Chagos Indian/Christmas Indian/Cocos Indian/Kerguelen Indian/Mahe Indian/Reunion Kwajalein NZ-CHAT Pacific/Apia Pacific/Chatham Pacific/Chuuk Pacific/Efate Pacific/Enderbury Pacific/Fakaofo Pacific/Fiji Pacific/Funafuti Pacific/Galapagos Pacific/Gambier Pacific/Guadalcanal Pacific/Kanton Pacific/Kiritimati Pacific/Kosrae Pacific/Kwajalein Pacific/Majuro Pacific/Nauru Pacific/Niue Pacific/Norfolk Pacific/Noumea Pacific/Palau Pacific/Pitcairn Pacific/Pohnpei Pacific/Ponape Pacific/Rarotonga Pacific/Tahiti Pacific/Tarawa Pacific/Tongatapu Pacific/Wake Pacific/Wallis
0 WET, 3600 WEST 448243200 CET, 7200 CEST: Africa/Ceuta
-3180 LMT -2776979220 FMT, 0 GMT: Africa/Freetown
5400 SAST, 7200 CAT, 10800 CAST: Africa/Gaborone
5400 SAST, 6720 LMT, 7200 SAST, 10800 SAST: Africa/Johannesburg
7200 CAT, 10800 CAST 947930400 EAT: Africa/Juba Africa/Khartoum
0 GMT, 3600 WAT: Africa/Lagos Africa/Malabo Africa/Niamey Africa/Porto-Novo Africa/Sao_Tome
3600 WAT, 7200 CAT: Africa/Lubumbashi
6600 LMT, 7200 SAST, 10800 SAST: Africa/Maseru
7200 SAST: Africa/Mbabane
-2670 MMT, -2588 LMT -2776979812 MMT, 0 GMT: Africa/Monrovia
3600 WAT, 7200 WAST: Africa/Ndjamena
3600 CET, 7200 CEST -347158800 EET 386463600 CEST 641775600 EET 860108400 CEST 875916000 EET 1364515200 CEST 1382659200 EET: Africa/Tripoli Libya
561 PMT, 3600 CET, 7200 CEST: Africa/Tunis
3600 WAT, 7200 SAST 637970400 CAT, 10800 SAST: Africa/Windhoek
-39600 NST -86878800 BST, -36000 NWT -769395600 NPT -21466800 BDT 436363200 AHST 439034400 HST, -32400 HDT: America/Adak America/Atka US/Aleutian
-36000 AST -86882400 AHST, -32400 AWT -769395600 APT -21470400 AHDT 436359600 YST 439030800 AKST, -28800 AKDT: America/Anchorage US/Alaska
-14400 AST: America/Anguilla America/Aruba America/Curacao America/Dominica America/Guadeloupe America/Miquelon America/Montserrat America/Port_of_Spain America/St_Kitts America/St_Thomas America/Tortola
-18000 EST, -14400 AST: America/Antigua
-15408 CMT: America/Argentina/Buenos_Aires America/Argentina/Catamarca America/Argentina/ComodRivadavia America/Argentina/Jujuy America/Argentina/La_Rioja America/Argentina/Mendoza America/Argentina/Rio_Gallegos America/Argentina/Salta America/Argentina/San_Juan America/Argentina/San_Luis America/Argentina/Tucuman America/Argentina/Ushuaia America/Buenos_Aires America/Catamarca America/Jujuy America/Mendoza
-15408 LMT -2372096592 CMT: America/Argentina/Cordoba America/Cordoba America/Rosario
-13840 LMT -2524507760 AMT: America/Asuncion
-21600 CST, -18000 CDT -880214400 CWT -769395600 CPT -765392400 EST: America/Atikokan
-25260 LMT, -25200 MST, -21600 CST -1220461200 MDT -1191344400 CST 828867600 MDT 1288508400 CST, -18000 CDT: America/Bahia_Banderas
-14400 AST, -10800 ADT: America/Barbados America/Thule
-21600 CST, -18000 CWT -769395600 CPT 123919200 CDT: America/Belize
-14400 AST, -10800 ADT -880221600 AWT -769395600 APT: America/Blanc-Sablon
-17776 LMT -2707671824 BMT: America/Bogota
-28800 PST, -25200 PDT -1471788000 MST, -21600 MWT -769395600 MPT -84380400 MDT: America/Boise
-25200 MST, -21600 MWT -769395600 MPT 73472400 MDT 941356800 CST 986115600 MDT, -18000 CDT 972802800 EST: America/Cambridge_Bay
-21600 CST, -18000 EST 828864000 CDT 877849200 EST 902037600 CDT 1422777600 EST, -14400 EDT: America/Cancun
-16060 CMT: America/Caracas
-18430 KMT, -18000 EST: America/Cayman
-21600 CST, -18000 CDT -1067788800 EST -1031500800 CDT -880214400 CWT -769395600 CPT -747244800 CDT: America/Chicago US/Central
-25200 MST, -21600 CST -1220461200 MDT -1191344400 CST 891766800 MDT 1667116800 CST, -18000 CDT: America/Chihuahua America/Ojinaga
-25200 MST, -21600 CST -1220461200 MDT -1191344400 CST 891766800 MDT 1667116800 CST 1678611600 MDT, -18000 CDT: America/Ciudad_Juarez
-19176 CMT, -18000 EST: America/Coral_Harbour America/Panama
-21600 CST, -20173 LMT -2524501427 SJMT, -18000 CDT: America/Costa_Rica
-16965 SMT: America/Coyhaique America/Punta_Arenas
-28800 PST, -25200 MST: America/Creston
-32400 YST, -28800 YDT -880203600 YWT -769395600 YPT 120646800 PST, -25200 YDDT 325677600 PDT 1604214000 MST: America/Dawson
-28800 PST, -25200 PDT -880207200 PWT -769395600 PPT -715788000 PDT 84013200 MST: America/Dawson_Creek
-25200 MST, -21600 MDT -880210800 MWT -769395600 MPT -147884400 MDT: America/Denver America/Shiprock Navajo US/Mountain
-21600 CST, -18000 EST, -14400 EWT -769395600 EPT -684349200 EDT: America/Detroit US/Michigan
-25200 MST, -21600 MDT -880210800 MWT -769395600 MPT -715791600 MDT: America/Edmonton America/Yellowknife Canada/Mountain
-21600 CST, -18000 CDT: America/El_Salvador America/Guatemala America/Tegucigalpa
-28800 PST, -25200 MST -1222963200 PDT -873820800 PWT -769395600 PPT -686073600 PDT: America/Ensenada America/Santa_Isabel America/Tijuana Mexico/BajaNorte
-28800 PST, -25200 PDT -880207200 PWT -769395600 PPT -715788000 PDT 1425808800 MST: America/Fort_Nelson
-21600 CST, -18000 CDT -880214400 CWT -769395600 CPT -747244800 CDT -463593600 EST, -14400 EDT: America/Fort_Wayne America/Indiana/Indianapolis America/Indianapolis US/East-Indiana
-9240 LMT: America/Fortaleza
-14400 AST, -10800 ADT -880221600 AWT -769395600 APT -526500000 ADT: America/Glace_Bay
-14400 AST, -12652 NST, -12600 NST, -10800 ADT, -9052 NDT, -9000 NDT -872368200 NWT -769395600 NPT -746044200 NDT, -7200 ADDT: America/Goose_Bay
-18430 KMT, -18000 EST, -14400 EDT 1425798000 AST 1520751600 EDT: America/Grand_Turk
-14820 LMT, -14400 AST: America/Grenada
-18840 QMT: America/Guayaquil
-14400 AST, -10800 ADT -880221600 AWT -769395600 APT -747252000 ADT: America/Halifax Canada/Atlantic
-19776 HMT, -18000 CST, -14400 CDT: America/Havana Cuba
-25200 MST, -21600 CST -1220461200 MDT -1191344400 CST 828867600 MDT: America/Hermosillo America/Mazatlan Mexico/BajaSur
-21600 CST, -18000 CDT -880214400 CWT -769395600 CPT -715795200 CDT -242236800 EST -84384000 CDT 688546800 EST 1143961200 CDT: America/Indiana/Knox America/Knox_IN US/Indiana-Starke
-21600 CST, -18000 CDT -880214400 CWT -769395600 CPT -589392000 CDT -273686400 EST 126687600 CDT 152089200 EST, -14400 EDT: America/Indiana/Marengo
-21600 CST, -18000 CDT -880214400 CWT -769395600 CPT -462996000 CDT -147888000 EST -84384000 CDT 247042800 EST 1143961200 CDT 1194159600 EST, -14400 EDT: America/Indiana/Petersburg
-21600 CST, -18000 CDT -880214400 CWT -769395600 CPT -462996000 CDT -179337600 EST -52934400 CDT -5767200 EST 1143961200 CDT, -14400 EDT: America/Indiana/Tell_City
-21600 CST, -18000 CDT -880214400 CWT -769395600 CPT -495043200 EST, -14400 EDT: America/Indiana/Vevay
-21600 CST, -18000 CDT -880214400 CWT -769395600 CPT -747244800 CDT -179337600 EST 1143961200 CDT 1194159600 EST, -14400 EDT: America/Indiana/Vincennes
-21600 CST, -18000 CDT -880214400 CWT -769395600 CPT -747244800 CDT -273686400 EST 1143961200 CDT 1194156000 EST, -14400 EDT: America/Indiana/Winamac
-28800 PST, -25200 PDT 309945600 MST, -21600 MDT: America/Inuvik
-21600 CST, -18000 EST 954662400 CDT 972802800 EST, -14400 EWT -769395600 EPT 73465200 EDT: America/Iqaluit America/Pangnirtung
-18430 LMT -2524503170 KMT, -18000 EST, -14400 EDT: America/Jamaica Jamaica
-32400 YST 439030800 AKST, -28800 PST 325677600 YDT 341402400 PST 452084400 AKDT, -25200 PWT -769395600 PPT -21477600 PDT: America/Juneau
-21600 CST, -18000 CDT -880214400 CWT -769395600 CPT -747251940 CDT -266432400 EST 126687600 CDT 152089200 EST, -14400 EDT: America/Kentucky/Louisville America/Louisville
-21600 CST, -18000 CDT -880214400 CWT -769395600 CPT -52934400 CDT 972802800 EST, -14400 EDT: America/Kentucky/Monticello
-14400 AST, -10800 AWT -769395600 APT: America/Kralendijk America/Lower_Princes America/Marigot America/Puerto_Rico America/St_Barthelemy America/Virgin
-16356 LMT -2524505244 CMT, -12756 BST: America/La_Paz
-28800 PST, -25200 PDT -880207200 PWT -769395600 PPT -687967140 PDT: America/Los_Angeles US/Pacific
-21600 CST, -20712 MMT, -18000 EST 290584800 CDT 694260000 EST 1113112800 CDT: America/Managua
-14660 LMT -2524506940 FFMT, -14400 AST, -10800 ADT: America/Martinique
-23400 LMT, -21600 CST, -18000 CDT: America/Matamoros
-21600 CST, -18000 CDT -880214400 CWT -769395600 CPT -747244800 CDT -21484800 EST 104914800 CDT: America/Menominee
-21600 CST, -18000 EST 828864000 CDT: America/Merida
-32400 AKST, -28800 PST 1457866800 AKDT 1541325600 PST 1552215600 AKDT, -25200 PWT -769395600 PPT -21477600 PDT: America/Metlakatla
-25200 MST, -21600 CST -1220461200 MDT -1191344400 CST, -18000 CDT -821901600 CWT -627501600 CDT: America/Mexico_City Mexico/General
-18000 EST, -14400 AST, -10800 ADT -880221600 AWT -769395600 APT -747252000 ADT: America/Moncton
-25200 MST, -21600 CST -1220461200 MDT -1191344400 CST, -18000 CDT: America/Monterrey
-13491 LMT -1942690509 MMT: America/Montevideo
-18000 EST, -14400 EDT -880218000 EWT -769395600 EPT -747248400 EDT: America/Montreal America/New_York America/Nipigon America/Thunder_Bay America/Toronto Canada/Eastern US/Eastern
-18000 EST, -14400 EWT -769395600 EPT -179341200 EDT: America/Nassau
-39600 NST -86878800 BST, -36000 NWT -769395600 NPT -21466800 BDT, -32400 YST 439030800 AKST, -28800 AKDT: America/Nome
-25200 MST, -21600 MDT -880210800 MWT -769395600 MPT -84380400 MDT 1289116800 CST, -18000 CDT: America/North_Dakota/Beulah
-25200 MST, -21600 MDT -880210800 MWT -769395600 MPT -84380400 MDT 720000000 CST, -18000 CDT: America/North_Dakota/Center
-25200 MST, -21600 MDT -880210800 MWT -769395600 MPT -84380400 MDT 1067155200 CST, -18000 CDT: America/North_Dakota/New_Salem
-13252 PMT, -13236 PMT: America/Paramaribo
-25200 MST, -21600 MDT -880210800 MWT -84380400 MDT: America/Phoenix US/Arizona
-18000 EST, -17340 PPMT, -14400 EDT: America/Port-au-Prince
-21600 CST, -18000 CDT -880214400 CWT -769395600 CPT -746035200 CDT: America/Rainy_River America/Winnipeg Canada/Central
-21600 CST, -18000 CDT 972802800 EST 986112000 CDT: America/Rankin_Inlet
-25200 MST, -21600 MDT -880210800 MWT -769395600 MPT -748450800 MDT -305737200 CST: America/Regina Canada/Saskatchewan
-21600 CST, -18000 CDT 972802800 EST 986112000 CDT 1162105200 EST 1173600000 CDT: America/Resolute
-16965 LMT -2524504635 SMT: America/Santiago Chile/Continental
-18000 EST, -16800 SDMT, -14400 EDT 152082000 AST: America/Santo_Domingo
-32400 YST 439030800 AKST, -28800 PST 452084400 AKDT, -25200 PWT -769395600 PPT -21477600 PDT: America/Sitka
-12652 LMT -2713897748 NST, -12600 NST, -9052 NDT, -9000 NDT -872368200 NWT -769395600 NPT -746044200 NDT, -5400 NDDT: America/St_Johns Canada/Newfoundland
-14640 LMT -2524506960 CMT, -14400 AST: America/St_Lucia
-14696 LMT -2524506904 KMT, -14400 AST: America/St_Vincent
-25200 MST, -21600 MDT -880210800 MWT -769395600 MPT -747241200 MDT 73472400 CST: America/Swift_Current
-28800 PST, -25200 PDT -880207200 PWT -769395600 PPT -747237600 PDT: America/Vancouver Canada/Pacific
-32400 YST, -28800 YDT -880203600 YWT -769395600 YPT -121273200 PST, -25200 YDDT 325677600 PDT 1604214000 MST: America/Whitehorse Canada/Yukon
-32400 YST 439030800 AKST, -28800 YWT -769395600 YPT -21474000 YDT 452084400 AKDT: America/Yakutat
36000 AEST, 39600 AEDT: Antarctica/Macquarie Australia/ACT Australia/Brisbane Australia/Canberra Australia/Currie Australia/Hobart Australia/Lindeman Australia/Melbourne Australia/NSW Australia/Queensland Australia/Sydney Australia/Tasmania Australia/Victoria
43200 NZST, 46800 NZDT: Antarctica/McMurdo
41400 NZMT, 43200 NZST, 45000 NZST, 46800 NZDT: Antarctica/South_Pole NZ Pacific/Auckland
0 -00 1108166400 +00: Antarctica/Troll
3600 CET, 7200 CEST, 10800 CEMT: Arctic/Longyearbyen Atlantic/Jan_Mayen Europe/Berlin
7200 EET, 10800 EEST 1666908000 +03: Asia/Amman
10656 BMT: Asia/Baghdad
24124 LMT -2840164924 BMT: Asia/Bangkok
20100 LMT: Asia/Barnaul
7200 EET, 8520 LMT, 10800 EEST: Asia/Beirut
19270 MMT, 19800 IST, 21200 HMT: Asia/Calcutta Asia/Kolkata
28800 CST, 32400 CDT: Asia/Chongqing Asia/Chungking Asia/Harbin Asia/Shanghai PRC
19172 MMT: Asia/Colombo
21200 HMT: Asia/Dacca Asia/Dhaka
7200 EET, 10800 EEST 1666904400 +03: Asia/Damascus
7200 EET, 10800 EEST 1473282000 +03 1521939600 EEST: Asia/Famagusta
7200 EET -81313200 IST 820447200 EET, 10800 EEST 142380000 IDT 828655200 EEST: Asia/Gaza Asia/Hebron
25590 LMT -2004073590 PLMT: Asia/Ho_Chi_Minh Asia/Saigon
28800 HKT, 30600 HKWT, 32400 HKST -884248200 JST -747907200 HKST: Asia/Hong_Kong Hongkong
25025 LMT -2840165825 IMT: Asia/Irkutsk
7016 IMT, 7200 EET, 10800 EEST 267915600 +03 482799600 EEST 1473195600 +03: Asia/Istanbul Europe/Istanbul Turkey
25200 WIB, 25632 LMT -3231299232 BMT: Asia/Jakarta
32400 +09 -189423000 WIT: Asia/Jayapura
7200 IST, 8440 JMT, 10800 IDT, 14400 IDDT: Asia/Jerusalem Asia/Tel_Aviv Israel
18000 +05 38775600 PKT, 21600 PKST: Asia/Karachi
24925 SMT: Asia/Kuala_Lumpur
28800 CST, 32400 +09 -747046800 CDT: Asia/Macao Asia/Macau
28656 LMT -1577951856 MMT, 28800 +08 -766054800 WITA: Asia/Makassar Asia/Ujung_Pandang
28800 PST, 32400 PDT -880016400 JST -783594000 PDT: Asia/Manila
25590 PLMT: Asia/Phnom_Penh Asia/Vientiane
25200 WIB, 26240 LMT -1946186240 PMT, 28800 +08 -189415800 WITA: Asia/Pontianak
30180 LMT, 30600 KST, 32400 JST -768646800 KST: Asia/Pyongyang
23087 LMT -2840163887 RMT: Asia/Rangoon Asia/Yangon
30600 KST, 32400 JST -767350800 KST, 34200 KDT, 36000 KDT: Asia/Seoul ROK
24925 LMT -2177477725 SMT: Asia/Singapore Singapore
28800 CST, 29160 LMT, 32400 JST -745833600 CDT: Asia/Taipei ROC
10751 LMT -2840151551 TBMT: Asia/Tbilisi
12344 LMT -1704165944 TMT: Asia/Tehran Iran
32400 JST, 36000 JDT: Asia/Tokyo Japan
13505 PMT: Asia/Yekaterinburg
10680 LMT: Asia/Yerevan
-6872 HMT, 0 +00 725421600 WET 740278800 +00, 3600 WEST: Atlantic/Azores
-15558 LMT -2524506042 BMT, -14400 AST, -11958 BST, -10800 ADT: Atlantic/Bermuda
0 WET, 3600 WEST: Atlantic/Canary Atlantic/Faeroe Atlantic/Faroe WET
-4056 LMT -2713906344 FMT, 0 +00 -102546000 WET, 3600 +01 386726400 WEST: Atlantic/Madeira
-5280 LMT, 0 +00 -54770400 GMT: Atlantic/Reykjavik
-1368 LMT -2524520232 JMT, 0 GMT: Atlantic/St_Helena
-13884 LMT -2524507716 SMT: Atlantic/Stanley
32400 ACST, 34200 ACST, 37800 ACDT: Australia/Adelaide Australia/Darwin Australia/North Australia/South
32400 ACST, 34200 ACST, 36000 AEST, 37800 ACDT: Australia/Broken_Hill Australia/Yancowinna
36000 AEST: Australia/LHI Australia/Lord_Howe
28800 AWST, 32400 AWDT: Australia/Perth Australia/West
3600 CET, 7200 CEST: CET Europe/Budapest Europe/Ljubljana Europe/Malta Europe/Sarajevo Europe/Skopje Europe/Tirane Europe/Vaduz Europe/Vienna Europe/Zagreb
-21600 CST, -18000 CDT -880214400 CWT -769395600 CPT -84384000 CDT: CST6CDT
-26248 LMT -2524495352 EMT: Chile/EasterIsland Pacific/Easter
-18000 EST: EST
-18000 EST, -14400 EDT -880218000 EWT -769395600 EPT -84387600 EDT: EST5EDT
-1521 LMT -2821649679 DMT, 0 GMT, 2079 IST, 3600 BST -1507500000 IST: Eire Europe/Dublin
0 UTC: Etc/UCT Etc/UTC Etc/Universal Etc/Zulu UCT UTC Universal Zulu
1172 LMT -4260212372 AMT, 3600 CET, 4772 NST, 7200 CEST: Europe/Amsterdam
0 WET, 3600 CET, 7200 CEST: Europe/Andorra
3600 CET, 5692 LMT -2344642492 AMT, 7200 EET -904878000 CEST -812422800 EET, 10800 EEST: Europe/Athens
0 GMT, 3600 BST, 7200 BDST: Europe/Belfast Europe/Isle_of_Man Europe/London GB GB-Eire
3600 CET, 4920 LMT, 7200 CEST: Europe/Belgrade Europe/Podgorica
0 GMT, 3464 LMT -3786829064 PMT, 3600 CET, 7200 CEST: Europe/Bratislava Europe/Prague
0 WET, 1050 LMT -2840141850 BMT, 3600 CET -1604278800 WEST -857257200 CET, 7200 CEST: Europe/Brussels
6264 LMT -2469404664 BMT, 7200 EET, 10800 EEST: Europe/Bucharest
1786 BMT, 3600 CET, 7200 CEST: Europe/Busingen Europe/Zurich
3600 CET, 6264 BMT, 6900 CMT, 7200 EET -898138800 CEST 654652800 EET, 10800 EEST -800157600 MSK 641944800 EEST, 14400 MSD: Europe/Chisinau Europe/Tiraspol
3020 LMT -2524524620 CMT, 3600 CET, 7200 CEST: Europe/Copenhagen
0 GMT, 3600 BST -401320800 CET, 7200 BDST 386125200 CEST: Europe/Gibraltar
0 GMT, 3600 BST -857257200 CET -772066800 BST, 7200 CEST -777952800 BDST: Europe/Guernsey Europe/Jersey
5989 LMT -2890258789 HMT, 7200 EET, 10800 EEST: Europe/Helsinki Europe/Mariehamn
3600 CET, 4920 LMT, 7200 CEST -780372000 EET, 10800 EEST -749095200 MSK 606870000 EEST 1301184000 +03, 14400 MSD: Europe/Kaliningrad
3600 CET, 7200 EET -892522800 CEST 686102400 EET, 7324 LMT -2840148124 KMT, 10800 MSK 646783200 EEST, 14400 MSD: Europe/Kiev Europe/Kyiv Europe/Uzhgorod Europe/Zaporozhye
10800 +03 622594800 MSK, 14400 +04 606866400 MSD 670374000 +04 701820000 MSD 1301180400 MSK: Europe/Kirov
0 WET, 3600 WEST -102549600 CET 228268800 WEST 717555600 CET 828234000 WEST, 7200 WEMT 733280400 CEST: Europe/Lisbon Portugal
0 WET, 3600 CET -1604278800 WEST -857257200 WET -797986800 CET, 7200 CEST -935186400 WEST -781052400 CEST: Europe/Luxembourg
0 WET, 3600 WEST -940208400 CET, 7200 WEMT -873079200 CEST: Europe/Madrid
3600 CET, 6600 MMT, 7200 EET -899780400 CEST 686102400 EET, 10800 MSK 670374000 EEST 1301184000 +03, 14400 MSD: Europe/Minsk
0 WET, 561 PMT, 3600 WEST -766623600 CET, 7200 WEMT 196819200 CEST: Europe/Monaco
7200 EET, 9017 LMT -2840149817 MMT, 9079 MMT, 10800 MSK 670374000 EEST 695779200 MSK, 12679 MST, 14400 MSD 1301180400 MSK, 16279 MDST: Europe/Moscow W-SU
2580 LMT, 3600 CET, 7200 CEST: Europe/Oslo
0 WET, 561 LMT -2486592561 PMT, 3600 WEST -857257200 CET -796266000 WEST -766623600 CET, 7200 CEST -800071200 WEMT 196819200 CEST: Europe/Paris
3600 CET, 5794 LMT -2840146594 RMT, 7200 EET -899521200 CEST 622598400 EET, 9394 LST, 10800 MSK 606870000 EEST, 14400 MSD: Europe/Riga
2996 LMT -3252098996 RMT, 3600 CET, 7200 CEST: Europe/Rome Europe/San_Marino Europe/Vatican
3600 CET, 7200 EET -888894000 CEST 646786800 EET, 8160 SMT, 10800 MSK 701827200 EEST 780447600 MSK 859683600 EEST 1414274400 MSK, 14400 MSD 1396137600 MSK: Europe/Simferopol
3600 CET, 7016 IMT, 7200 EET -844556400 CEST -781048800 EET, 10800 EEST: Europe/Sofia
3600 CET, 3614 SET, 7200 CEST: Europe/Stockholm
3600 CET, 5940 LMT -2840146740 TMT, 7200 CEST -1535938740 EET -892954800 CEST 622598400 EET, 10800 MSK 606870000 EEST, 14400 MSD: Europe/Tallinn
3600 CET, 5040 WMT, 5736 KMT, 7200 EET -900126000 CEST 622598400 EET 891133200 CEST 941331600 EET, 10800 MSK 606870000 EEST, 14400 MSD: Europe/Vilnius
10800 +03 591145200 MSK, 14400 +04 575416800 MSD 670374000 +04 701820000 MSD 1301180400 MSK 1540681200 +04: Europe/Volgograd
3600 CET, 5040 LMT -2840145840 WMT, 7200 CEST -1618700400 EET -931734000 CEST, 10800 EEST: Europe/Warsaw Poland
-36000 HST: HST
10800 EAT, 14400 EAST: Indian/Antananarivo
17640 LMT -2840158440 MMT: Indian/Maldives
13800 LMT: Indian/Mauritius
3600 MET, 7200 MEST: MET
-25200 MST: MST
-25200 MST, -21600 MDT -880210800 MWT -769395600 MPT -84380400 MDT: MST7MDT
-28800 PST, -25200 PDT -880207200 PWT -769395600 PPT -84376800 PDT: PST8PDT
35312 PMMT: Pacific/Bougainville Pacific/Port_Moresby Pacific/Truk Pacific/Yap
-51660 LMT, 34740 LMT, 36000 GST 977493600 ChST, 39600 GDT: Pacific/Guam
-37800 HST, -36000 HST, -34200 HDT -880198200 HWT -769395600 HPT: Pacific/Honolulu Pacific/Johnston US/Hawaii
-33480 LMT: Pacific/Marquesas
-39600 -11 -420645600 SST: Pacific/Midway
-39600 SST: Pacific/Pago_Pago Pacific/Samoa US/Samoa
-51420 LMT, 34980 LMT, 36000 GST 977493600 ChST, 39600 GDT: Pacific/Saipan
`;
