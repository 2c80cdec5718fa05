"""Words from which guesses of a password start, and which therefore add nothing to its strength.

The list has the words that NIST SP 800-63B, 5.1.1.2, asks for (name and subject of the service),
months and days of the week in the five languages, countries and towns of the network, and the
commonest passwords of this language area. The commonest passwords of the world, some 30,000 from
breaches, are in zxcvbn.
"""

from typing import Final

#: Words that `geo.accounts.passwords` takes as known to an attacker, in the form of
#: `geo.text.normalize.folded`: lower case, no accents.
GUESSED: Final = frozenset(
    """
    amparo amparos contrasena contrasenha contrasenas password passw0rd admin administrador
    administradora administrator qwerty qwertyuiop qwertyuiopasdf asdfghjkl letmein welcome
    bienvenido bienvenida bienvenidos bienvenidas bemvindo bemvinda bienvenue byenvini iloveyou
    teamo teamomucho tequiero cambiame changeme secret secreto secreta segredo senha usuario
    usuaria cambiar clave claves entrar acceso default dragon monkey football futbol sunshine
    princess princesa master superman batman michael jesus jesucristo cristo dios diosesamor
    motdepasse azerty soleil bonjour hola holamundo estrella familia corazon amistad

    refugio refugios refugiado refugiada refugiados refugiadas refugee refugees refugie refugies
    refugiye migrante migrantes migracion migraciones migration migrants migrasyon inmigrante
    inmigrantes casa casas casadelmigrante casamigrante albergue albergues abrigo abrigos hogar
    acogida asilo asylum ayuda ayudas apoyo support espacio espacios espacioseguro esperanza
    solidaridad humanitario humanitaria humanitarian ayudahumanitaria derechos proteccion
    protection ruta rutas camino caminos frontera fronteras fwontye mapa mapas acnur unhcr unicef
    oim iom cruzroja caritas pastoral fundacion foundation organizacion organization coordinacion
    coordinador coordinadora oficina equipo proyecto programa trabajo nuevo nueva temporal prueba

    enero febrero marzo abril mayo junio julio agosto septiembre setiembre octubre noviembre
    diciembre january february march april june july august september october november december
    janeiro fevereiro marco maio junho julho setembro outubro novembro dezembro janvier fevrier
    mars avril juin juillet aout septembre octobre novembre decembre janvye fevriye mas avril jen
    jiye out septanm oktob novanm desanm lunes martes miercoles jueves viernes sabado domingo
    monday tuesday wednesday thursday friday saturday sunday segunda terca quarta quinta sexta
    lundi mardi mercredi jeudi vendredi samedi dimanche lendi madi mekredi jedi vandredi samdi
    dimanch primavera verano otono invierno summer winter spring autumn navidad feliznavidad

    america latinoamerica colombia colombiano colombiana venezuela venezolano venezolana ecuador
    ecuatoriano ecuatoriana peru peruano peruana brasil brazil bolivia chile argentina uruguay
    paraguay panama costarica nicaragua honduras guatemala salvador elsalvador mexico mexicano
    haiti haitiano ayiti dominicana cuba guyana surinam bogota medellin cali barranquilla
    cartagena cucuta bucaramanga pamplona arauca ipiales pasto maicao riohacha santamarta
    villadelrosario leticia necocli turbo capurgana caracas maracaibo sancristobal sanantonio
    valencia tachira zulia apure quito guayaquil tulcan ibarra huaquillas machala cuenca lagoagrio
    lima tumbes piura trujillo arequipa tacna puno desaguadero lapaz cobija pisiga oruro
    cochabamba santacruz santiago arica iquique colchane antofagasta calama valparaiso buenosaires
    mendoza jujuy laquiaca montevideo asuncion manaus boavista pacaraima roraima brasilia saopaulo
    darien metepec tapachula chiapas tijuana juarez monterrey guadalajara nuevolaredo tegucigalpa
    sanpedrosula sansalvador managua sanjose portauprince potoprens santodomingo
    """.split()  # noqa: SIM905 -- a list literal would be four hundred lines
)
