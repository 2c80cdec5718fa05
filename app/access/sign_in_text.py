"""Messages for a failed sign-in, translated into all languages, not only those of staff pages."""

from app.i18n.translation import marked

WRONG = marked("El correo o la contraseña no son correctos.")
TOO_SHORT = marked("La contraseña necesita al menos 12 caracteres.")
TOO_COMMON = marked(
    "Esa contraseña se adivina pronto: está en listas de contraseñas robadas, o casi toda son"
    " nombres, lugares, meses, años o palabras de esta red. Junte cuatro palabras que no tengan que"
    " ver entre sí ni con usted."
)
TOO_MANY = marked(
    "Hubo demasiados intentos con este correo o desde su conexión. Espere un rato, entre desde un"
    " equipo en el que ya haya entrado, o escriba también un código."
)
UNEQUAL = marked("Las dos contraseñas no son iguales.")
WRONG_CODE = marked(
    "Ese código no vale. Escriba los seis números que la aplicación muestra ahora; cada uno sirve"
    " una sola vez. Si no coinciden nunca, ponga la hora del teléfono en automático."
)
WAIT = marked(
    "Se escribieron demasiados códigos equivocados en esta cuenta. Espere una hora, o use uno de"
    " sus códigos de recuperación. Si no fue usted, alguien sabe su contraseña: pida un enlace para"
    " elegir otra."
)
