# Collections as data frames of sf, read by GDAL; install.packages("sf").
suppressPackageStartupMessages(library(sf))

base <- Sys.getenv("AMPARO_URL", "http://127.0.0.1:8000")
server <- paste0("OAPIF:", base)

spaces <- st_read(server, "spaces", quiet = TRUE)
cat("spaces:", nrow(spaces), "\n")

# The box and the condition travel to the server, so that only what is needed is sent.
box <- st_as_text(st_as_sfc(st_bbox(c(xmin = -73, ymin = 7, xmax = -72, ymax = 8.2))))
towns <- st_read(
  server,
  query = "SELECT name, population FROM places WHERE population > 50000",
  wkt_filter = box,
  quiet = TRUE
)
print(st_drop_geometry(towns[order(-towns$population), ])[1:3, ], row.names = FALSE)
