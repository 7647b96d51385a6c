<?php
// Keeps a message: the file is complete and synced before SAVED is said. What a test needs is in JSON, octets in Base64.
$form = array_map('base64_encode', $_POST);
$name = __DIR__ . '/saved/' . bin2hex(random_bytes(12));
$file = fopen("$name.tmp", 'xb');
$text = json_encode(['form' => $form, 'method' => $_SERVER['REQUEST_METHOD'], 'process' => getmypid()]);
if (!isset($_POST['body']) || fwrite($file, $text) !== strlen($text) || !fsync($file) || !rename("$name.tmp", "$name.json")) {
    http_response_code(500);
    exit('the message was not kept');
}
echo 'SAVED';
