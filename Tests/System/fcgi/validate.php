<?php
// Judges a recipient by its local-part.
file_put_contents(__DIR__ . '/saved/asked', $_GET['rcpt_to'] . "\n", FILE_APPEND | LOCK_EX);
switch (strstr($_GET['rcpt_to'], '@', true)) {
    case 'rejected': exit("REJECTED no such user here: {$_GET['rcpt_to']}\r\n250 2.1.5 OK");
    case 'otherwise': exit('something else');
    case 'silent': exit;
    case 'broken': undefined_function();
    case 'status': http_response_code(503); exit('PASSED');
    case 'noisy': error_log("looked up\nlevel=error"); exit('PASSED');
    case 'endless': echo 'PASSED', str_repeat('x', 1_000_000); exit;
    case 'slow': sleep(3600); exit('PASSED');
    default: echo 'PASSED';
}
