/**
 * What the demo model's vocabulary is trained on, the most frequent first. Chosen for the prompts of a coding agent, so that
 * one token stands for about three characters of them.
 */

export const words = list(`
the to of and a is in for that be with or not this it you if are on as an by from can use when will any all file code only
should do your have must at which no user tool but was has more one use used using return new set value name string type
true false null function const let import export default class async await if else while break case try catch throw error
void number boolean object array list item key data result results output input path files directory folder command commands
run running test tests make sure first before after then than them they their there these those what how why who where each
other some such same into out up over under also may might could would about between without within through during until
instead than based required optional description properties property parameter parameters argument arguments schema json
text message messages content system assistant model request response server client stream event events token tokens cache
prompt prompts context task tasks agent agents session sessions project repository git commit commits branch changes change
pull push issue issues review read write edit create update delete remove add added get find search match pattern regex glob
line lines number numbers start end begin stop first last next previous current default options option config configuration
environment variable variables process shell bash script scripts terminal working work works help please note notes important
example examples information details see below above following follow follows format formatted plan planning step steps
question questions answer answers ask asked provide provided specific specify specified absolute relative allowed available
support supported existing exists exist existing multiple single already always never avoid ensure check checks verify
complete completed completely still still pending progress status state states mode modes level time timeout times seconds
milliseconds minutes limit limits maximum minimum large small long short simple complex full empty whole part parts section
sections page pages link links url web fetch http https api apis key keys user users permission permissions security secure
public private local remote host port connection network package packages module modules library libraries dependency
dependencies install installed version versions build builds built compile deploy release node python typescript javascript
react component components style styles html css markdown document documents documentation docs notebook cell cells image
images screenshot screenshots language languages method methods class classes interface interfaces instance instances
implement implementation implements feature features bug bugs fix fixed fixes problem problems cause causes failed fail fails
failure failures failing success successful successfully warning warnings debug log logs logging trace exception handle
handles handler handlers call calls called calling callback promise parallel background foreground thread threads queue
wait waiting sleep retry block blocks blocking hook hooks plugin plugins skill skills memory memories summary title topic
conversation history turn turns reason reasons because since though although however therefore thus just like want wants
need needs needed know known think thinking look looks looking show shows shown tell give given take takes taken keep keeps
kept put puts come comes go goes going went made makes making done does did doing let lets allow allows open opens opened
close closes closed save saved load loads loaded send sends sent receive received accept accepts reject rejected return
returns returned replace replaced rename move moved copy copied insert inserted apply applied select selected match matched
include includes included including exclude excluded contain contains containing prefer preferred recommend recommended
directly exactly currently usually often sometimes immediately automatically explicitly otherwise especially particularly
correct correctly wrong right left good better best bad clear clearly clean concise brief unless whether while every many
much most less least few several another both either neither two three four five ten hundred zero once twice again back
here now today date day week month year path paths root home main src lib index util utils common shared internal external
base core test spec mock fixture assert expect equal equals length size count total average index offset position range
column columns row rows table tables field fields record records database query queries sql select where order group join
character characters whitespace indentation newline tab quote quotes comment comments syntax statement statements expression
expressions operator operators condition conditions loop loops iterate recursive algorithm performance optimize efficient
practice practices quality maintain readable convention conventions standard standards rule rules guideline guidelines
instruction instructions reminder additional additionally related relevant appropriate necessary unnecessary potential
possible impossible likely different similar generic general common custom original unique random safe dangerous malicious
destructive defensive authorization authentication credential credentials secret secrets engineering software developer
development production staging testing research analysis analyze explore exploration understand understanding identify
determine decide decision approach solution solve design architecture structure structured organize reference references
`);

/** Runs of punctuation as they stand in JSON, Markdown and code. */
export const marks = [
  ...[
    '":',
    '",',
    ' "',
    ' {"',
    '{"',
    '"},',
    '"}',
    '",\n',
    '": {',
    ' "$',
    '."',
    '.\n',
    '.\n\n',
    ':\n',
    ':\n\n',
    ',\n',
    ' =',
    ' ===',
  ],
  ...[
    ' =>',
    ' {\n',
    '{\n',
    '}\n',
    '};\n',
    ');\n',
    '()',
    '();\n',
    '(',
    ')',
    ' (',
    '),',
    ').',
    ' //',
    ' /**\n',
    ' *',
    '```',
    '```\n',
    '--',
    ' --',
  ],
  ...[
    ' -',
    '**',
    ' **',
    '##',
    ' |',
    '...',
    ' `',
    '`,',
    '`.',
    '[]',
    ' [',
    '](',
    '</',
    '/>',
    '>\n',
    ' <',
    '\\n',
    '\\"',
    "('",
    "')",
    "',",
    " '",
    ' &&',
    ' ||',
  ],
];

/** White space between words: indentation and empty lines. */
export const gaps = ['\n\n', '\n\n\n', ' ', '  ', '   ', '    ', '     ', '      ', '       ', '\n  ', '\t\t'];

/** Ends and beginnings that words outside the list are made of. */
export const stems = list(`
tion ing ment able ness ally ious ence ance ated ates ation ations ity ive ful less ize ized izer ise ised er ers or ors ed es
ly al ic ical ent ant est ure age ist ism ary ery ory ship hood ward wise pre pro con com dis un re in im inter over under sub
super trans multi auto anti non ex en em de be per th st nd rd ch sh ph wh qu ck ng tr pr br cr dr fr gr pl cl bl fl gl sl sp
sc sk sm sn sw tw str spr thr ea ee oo ou ai ay oi oy ow au aw ie ei ar ir ur on an at it is as us os op ap ip up ab ob ub ib
ac oc ec uc ad od id ud ag og ig ug am om um em el il ol ul ake ate ite ote ute ine one une ane ide ode ade ude ice ace
`);

function list(text: string): readonly string[] {
  return [...new Set(text.trim().split(/\s+/))];
}
